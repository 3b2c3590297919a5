#include "daemon/executor/server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/effect_wire.hpp"
#include "action/record.hpp"
#include "action/sample_wire.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/executor/client.hpp"
#include "daemon/executor/crash_points.hpp"
#include "daemon/executor/crew.hpp"
#include "daemon/executor/error_drain.hpp"
#include "daemon/executor/gate_opener.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/job.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/port_sample.hpp"
#include "daemon/executor/say.hpp"
#include "daemon/executor/worker_lock.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "os/clock.hpp"
#include "os/gate.hpp"
#include "os/gate_record.hpp"
#include "os/passed_fds.hpp"
#include "os/sysfs_dir.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio_calls.hpp"
#include "os/worker_process.hpp"

namespace slotd::executor {

namespace {

using action::Priority;

// A worker that closes a gate while the gates are being opened is called off and undoes it; the
// rounds are for one that was just too late to see that.
constexpr int kOpeningRoundsMax = 3;

// A turn comes within milliseconds after its time; so late it comes only to who was not let run.
constexpr Duration kLate = std::chrono::seconds(1);

/// What a worker has from its first job on, of itself and not of this process.
struct AtWork {
    os::UniqueFd lock;
    std::optional<Hands> hands;
    SampledPorts sampled;
};

/// What a worker does with an assignment.
os::WorkerProcess::Body worker_body(const ServerSetup& setup, const CrashPoints& crash) {
    const auto at_work = std::make_shared<AtWork>();
    return [setup, &crash, at_work](std::span<const std::uint8_t> bytes,
                                    std::vector<os::UniqueFd> lent,
                                    const os::WorkerProcess::CalledOff& called_off) {
        const Result<Assignment> assignment = decode_assignment(bytes);
        if (!assignment) {
            return Bytes{};  // our own mistake; the crew reports the job as lost
        }
        if (!at_work->lock && !setup.surveys_only) {
            at_work->lock = hold_worker_lock(setup.state_dir);
        }
        event::Outcome outcome;
        if (!at_work->hands) {
            auto sysfs = os::SysfsDir::open(setup.sysfs_root);
            if (sysfs) {
                at_work->hands.emplace(std::move(*sysfs), setup.state_dir, crash, called_off,
                                       *setup.vfio, setup.proc_root);
            } else {
                outcome = outcome_of(sysfs.error());
            }
        }
        if (at_work->hands) {
            outcome = perform(*at_work->hands, at_work->sampled, assignment->job, std::move(lent));
        }
        crash.reach("before answer");
        return event::encode(event::OutcomeReport{assignment->ticket, outcome});
    };
}

constexpr const char* kSurveysOnly = "only surveys of use are made here";
constexpr const char* kTakesNoDescriptors = "descriptors came with it, and it takes none";

/// Descriptors come with a loan, and with nothing else.
std::optional<std::string> objection(const action::Effect& effect, const os::PassedFds& passed,
                                     bool surveys_only) {
    if (surveys_only && !std::holds_alternative<action::SurveyUse>(effect)) {
        return kSurveysOnly;
    }
    const bool loan = std::holds_alternative<action::ResetByLentFds>(effect);
    if (passed.cut) {
        return fmt::format("more than {} descriptors came with it", os::kPassedFdsMax);
    }
    if (loan && passed.fds.empty()) {
        return "no descriptors were lent with it, or the loan is over";
    }
    if (!loan && !passed.fds.empty()) {
        return kTakesNoDescriptors;
    }
    return std::nullopt;
}

int poll_timeout_ms(Instant deadline, Instant now) {
    if (deadline == kNever) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

}  // namespace

Server::Server(const ServerSetup& setup, const CrashPoints& crash, os::UniqueFd stop)
    : record_(setup.state_dir, [&crash](std::string_view step) { crash.reach(step); }),
      crash_(crash),
      stop_(std::move(stop)),
      crew_(worker_body(setup, crash), setup.limits),
      sysfs_root_(setup.sysfs_root),
      surveys_only_(setup.surveys_only) {}

void Server::take_signals() {
    signalfd_siginfo signal{};
    while (::read(stop_.get(), &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo == SIGCONT) {
            crew_.renew_deadlines(os::read_clock());
            continue;
        }
        stopping_ = stopping_ || signal.ssi_signo != SIGCHLD;
        crew_.reap();  // takes all that have ended: one signal may stand for several
    }
}

void Server::wait(Client* client) {
    std::vector<pollfd> polled{{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    if (client != nullptr && !client->gone()) {
        polled.push_back({.fd = client->fd(), .events = client->wanted(), .revents = 0});
    }
    const std::size_t ours = polled.size();
    crew_.add_to(polled);
    const Instant begun = os::read_clock();
    const Instant due = crew_.next_deadline();
    // Whatever ends the wait, the turn that follows looks at everything: an error is no more than a
    // turn that finds nothing.
    (void)::poll(polled.data(), polled.size(), poll_timeout_ms(due, begun));
    crew_.heard(std::span(polled).subspan(ours));
    if (polled.front().revents != 0) {
        take_signals();
    }
    // Before a deadline is judged: one that passed while this process was stopped, or frozen with
    // its workers, says nothing about them.
    const Instant now = os::read_clock();
    if (now < due) {
        return;
    }
    take_signals();
    if (now - std::max(due, begun) > kLate) {
        crew_.renew_deadlines(now);
    }
}

bool Server::open_gates() {
    bool clean = true;
    for (int round = 0; round < kOpeningRoundsMax; ++round) {
        const Result<os::ClosedGates> closed = round == 0 ? load_drained() : record_.load();
        if (!closed) {
            say(Priority::Error, closed.error().message() + ", opening no gates");
            return false;
        }
        if (closed->gates.empty() && closed->damaged.empty()) {
            return clean;
        }
        clean = open_once(*closed) && clean;
        const Result<os::ClosedGates> left = record_.load();
        if (left && left->damaged.empty() && !left->gates.empty() &&
            std::ranges::all_of(left->gates, [&](const os::Gate& gate) {
                return std::ranges::find(closed->gates, gate) != closed->gates.end();
            })) {
            return false;  // each has had its try, and its line
        }
    }
    return clean;
}

template <class Task>
void Server::run_to_end(Task& task) {
    task.start_some(crew_, os::read_clock());
    while (!task.finished()) {
        wait(nullptr);  // a stop signal asks for what is being done here
        for (const JobEnded& ended : crew_.collect(os::read_clock())) {
            (void)task.take(ended);  // what others did is of no interest any more
        }
        task.start_some(crew_, os::read_clock());
    }
}

Result<os::ClosedGates> Server::load_drained() {
    Result<os::ClosedGates> closed = record_.load();
    const auto sysfs = os::SysfsDir::open(sysfs_root_);
    if (!closed || !sysfs) {
        return closed;
    }
    std::vector<os::ServiceGate> over = error_services_over(*sysfs, closed->gates);
    if (over.empty()) {
        return closed;
    }
    const std::uint64_t first_ticket = next_ticket_;
    next_ticket_ += over.size();
    ErrorDrain drain(std::move(over), first_ticket);
    run_to_end(drain);
    for (const std::string& text : drain.failed()) {
        say(Priority::Warning,
            "pciehp is bound beside a recovery that may still run, cannot drain " + text);
    }
    return record_.load();
}

bool Server::open_once(const os::ClosedGates& closed) {
    for (const std::string& line : closed.damaged) {
        say(Priority::Error,
            fmt::format("{} of the gate record cannot be read, kept in {}.damaged; "
                        "opening all others",
                        line, record_.path()));
    }
    GateOpener opener(closed.gates, next_ticket_);
    next_ticket_ += closed.gates.size();
    run_to_end(opener);
    for (const std::string& name : opener.opened()) {
        say(Priority::Notice, "opened " + name);
    }
    for (const std::string& name : opener.gone()) {
        say(Priority::Warning, "nothing was there to open for " + name);
    }
    for (const std::string& text : opener.failed()) {
        say(Priority::Error, "could not open " + text + ", it stays in " + record_.path());
    }
    if (closed.damaged.empty()) {
        return opener.failed().empty();
    }
    if (auto aside = record_.set_damaged_aside(); !aside) {
        say(Priority::Error, aside.error().message() + ", it will be reported again");
    }
    return false;
}

void Server::refuse(Client& client, std::uint64_t id, const std::string& why) {
    client.send({id, refused(why)});
}

void Server::take_request(Client& client, Client::Datagram datagram) {
    if (action::is_sample_request(datagram.bytes)) {
        take_sample_request(client, datagram);
        return;
    }
    crash_.reach("request received");
    const Result<action::EffectRequest> request = action::decode_effect_request(datagram.bytes);
    if (!request) {
        const auto id = action::id_of_effect_request(datagram.bytes);
        say(Priority::Warning, fmt::format("{} ({} bytes), {}", request.error().message(),
                                           datagram.bytes.size(), id ? "refused" : "ignored"));
        if (id) {
            refuse(client, *id, request.error().context);
        }
        return;
    }
    if (const auto why = objection(request->effect, datagram.passed, surveys_only_)) {
        say(Priority::Warning,
            fmt::format("refused to {}: {}", action::to_string(request->effect), *why));
        datagram.passed.fds.clear();  // before anybody hears of it
        refuse(client, request->id, *why);
        return;
    }
    if (start(client, request->id, Job{request->effect}, datagram.passed.fds)) {
        crash_.reach("job started");
    }
}

void Server::take_sample_request(Client& client, const Client::Datagram& datagram) {
    Result<action::SampleRequest> request = action::decode_sample_request(datagram.bytes);
    if (request && datagram.passed.fds.empty() && !surveys_only_) {
        (void)start(client, request->id, Job{SampleJob{std::move(request->ports)}}, {});
        return;
    }
    const std::string why = !request        ? request.error().context
                            : surveys_only_ ? kSurveysOnly
                                            : kTakesNoDescriptors;
    const auto id = action::id_of_sample_request(datagram.bytes);
    say(Priority::Warning,
        fmt::format("{} ({} bytes), {}", why, datagram.bytes.size(), id ? "refused" : "ignored"));
    if (id) {
        refuse(client, *id, why);
    }
}

bool Server::start(Client& client, std::uint64_t id, const Job& job,
                   std::span<const os::UniqueFd> lent) {
    const std::uint64_t ticket = next_ticket_++;
    const Status started = crew_.start(ticket, job, os::read_clock(), lent);
    if (!started) {
        say(Priority::Warning,
            fmt::format("refused to {}: {}", to_string(job), started.error().context));
        refuse(client, id, started.error().context);
        return false;
    }
    asked_.emplace(ticket, id);
    return true;
}

void Server::report(Client& client, const JobEnded& ended) {
    const auto asked = asked_.find(ended.ticket);
    if (asked == asked_.end()) {
        return;  // an opening from before, wedged and back by now
    }
    if (ended.outcome.kind == event::OutcomeKind::TimedOut) {
        say(Priority::Error,
            fmt::format("{} has not come back within its deadline, its worker is left "
                        "behind ({} wedged)",
                        to_string(ended.job), crew_.wedged()));
    }
    if (ended.late) {
        say(Priority::Notice,
            fmt::format("{} came back late: {}", to_string(ended.job), ended.outcome.to_string()));
    }
    crash_.reach("before outcome");
    client.send({asked->second, ended.outcome});
    crash_.reach("after outcome");
    // A wedged one answers once more.
    if (ended.outcome.kind != event::OutcomeKind::TimedOut) {
        asked_.erase(asked);
    }
}

bool Server::serve(os::UniqueFd socket) {
    Client client(std::move(socket));
    take_signals();
    while (!client.gone() && !stopping_) {
        wait(&client);
        client.flush();
        for (const JobEnded& ended : crew_.collect(os::read_clock())) {
            report(client, ended);
        }
        while (client.may_ask()) {
            std::optional<Client::Datagram> datagram = client.receive();
            if (!datagram) {
                break;
            }
            take_request(client, std::move(*datagram));
        }
    }
    if (surveys_only_) {
        return true;
    }
    say(Priority::Info,
        client.gone() ? "slotd is gone, opening all gates" : "told to stop, opening all gates");
    client.ignore();
    crew_.call_off_all();
    // Twice: first what can be opened at once, and what a job is still busy with when that is over.
    (void)open_gates();
    finish_running();
    const bool opened = open_gates();
    if (crew_.wedged() != 0) {
        say(Priority::Error, fmt::format("leaving {} wedged workers behind", crew_.wedged()));
    }
    return opened;
}

void Server::finish_running() {
    while (crew_.busy()) {
        wait(nullptr);
        (void)crew_.collect(os::read_clock());  // nobody is left to report to
    }
}

}  // namespace slotd::executor
