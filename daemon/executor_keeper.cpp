#include "daemon/executor_keeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/options.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "os/event_loop.hpp"
#include "os/executor_client.hpp"

namespace slotd::daemon {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kDeathsMax = 5;
constexpr Duration kDeathsWindow = 60s;
constexpr Duration kConnectPatience = 30s;
constexpr Duration kBetweenConnects = 200ms;

}  // namespace

ExecutorKeeper::ExecutorKeeper(const Options& options, os::EventLoop& loop,
                               engine::RecordSink& records, News news, Duration patience)
    : options_(options),
      loop_(loop),
      records_(records),
      news_(std::move(news)),
      patience_(patience),
      client_([this](event::EffectId id, const event::Outcome& outcome) { answered(id, outcome); },
              [this](const std::string& how) { ended(how); }) {}

Status ExecutorKeeper::launch() {
    if (options_.executor_socket) {
        Status connected = client_.connect(*options_.executor_socket);
        if (!connected && connected.error().kind == ErrorKind::Busy) {
            give_up_at_ = loop_.now() + kConnectPatience;
            say(action::Priority::Warning,
                connected.error().message() + ": earlier connections wait there; trying for 30 s");
            return arm();
        }
        return connected;
    }
    auto program = os::executor_beside_us();
    if (!program) {
        return std::unexpected(std::move(program.error()));
    }
    // That of a slotd that was killed may still be opening its gates, and a service that is bound
    // waits for a recovery: as long as that may take.
    const auto opening = std::chrono::duration_cast<std::chrono::seconds>(
        action::deadline_of(action::BindService{}) + kPatience);
    std::vector<std::string> command{*program, "--state-dir", options_.executor_state_dir,
                                     "--patience-s", std::to_string(opening.count())};
    if (options_.sysfs_root) {
        command.insert(command.end(), {"--sysfs-root", *options_.sysfs_root});
    }
    // Test aids are for the first one: what is started after a planted crash must work.
    if (deaths_.empty()) {
        command.insert(command.end(), options_.executor_arguments.begin(),
                       options_.executor_arguments.end());
    }
    return client_.launch(command);
}

void ExecutorKeeper::start(event::EffectId id, const action::Effect& effect) {
    asked_[id] = loop_.now() + action::deadline_of(effect) + patience_;
    if (const auto* const lent = std::get_if<action::ResetByLentFds>(&effect)) {
        client_.lend(id, effect, loans_.take(lent->request));  // and closes them here
    } else {
        client_.start(id, effect);
    }
    (void)arm();  // without a timer the silence is not told of; nothing else depends on it
}

void ExecutorKeeper::sample(event::EffectId id, std::vector<event::PortSample> ports) {
    sampling_.insert(id);
    client_.sample(id, std::move(ports));
}

void ExecutorKeeper::answered(event::EffectId id, const event::Outcome& outcome) {
    if (sampling_.contains(id)) {
        // A second answer follows that of a worker that was called wedged, and is nobody's.
        if (outcome.kind != event::OutcomeKind::TimedOut) {
            sampling_.erase(id);
        }
        news_.sampled(id, outcome);
        return;
    }
    asked_.erase(id);
    if (silent_since_ && outcome.kind != event::OutcomeKind::ExecutorLost) {
        const auto silent =
            std::chrono::duration_cast<std::chrono::seconds>(loop_.now() - *silent_since_).count();
        silent_since_.reset();
        say(action::Priority::Notice, fmt::format("slotd-exec answers again after {} s", silent));
    }
    news_.outcome(id, outcome);
}

std::optional<std::string> ExecutorKeeper::problem() const {
    if (give_up_at_) {
        return "its socket takes no connection";
    }
    if (silent_since_) {
        return "it does not answer: it is stopped, or hangs";
    }
    return std::nullopt;
}

Status ExecutorKeeper::arm() {
    Instant next = give_up_at_ ? loop_.now() + kBetweenConnects : kNever;
    if (!silent_since_) {
        for (const auto& [id, overdue] : asked_) {
            next = std::min(next, overdue);
        }
    }
    if (!timer_) {
        auto timer = loop_.timer(os::Turn::Deadline, [this] { passed(); });
        if (!timer) {
            return std::unexpected(std::move(timer.error()));
        }
        timer_ = std::move(*timer);
    }
    return timer_.arm(next);
}

void ExecutorKeeper::passed() {
    if (give_up_at_) {
        connect_again();
    }
    const auto overdue = std::ranges::find_if(
        asked_, [now = loop_.now()](const auto& one) { return one.second <= now; });
    if (overdue != asked_.end() && !silent_since_) {
        silent_since_ = overdue->second - patience_;
        say(action::Priority::Critical,
            fmt::format("slotd-exec does not answer, {} effects wait for it: it is stopped, or "
                        "hangs; nothing is reset until it goes on",
                        asked_.size()));
    }
    (void)arm();
}

void ExecutorKeeper::connect_again() {
    const Status connected = client_.connect(*options_.executor_socket);
    if (connected) {
        give_up_at_.reset();
        news_.restarted();
    } else if (connected.error().kind != ErrorKind::Busy || loop_.now() >= *give_up_at_) {
        give_up_at_.reset();
        say(action::Priority::Critical,
            connected.error().message() + "; giving up, see 'systemctl status slotd-exec'");
        news_.lost();
    }
}

void ExecutorKeeper::say(action::Priority priority, std::string text) {
    action::Record record;
    record.priority = priority;
    record.kind = action::RecordKind::GateProblem;
    record.text = std::move(text);
    records_.write(record);
}

Status ExecutorKeeper::close(Duration patience) {
    return client_.close_and_wait(patience);
}

void ExecutorKeeper::ended(const std::string& how) {
    const Instant now = loop_.now();
    deaths_.push_back(now);
    ++deaths_total_;
    while (now - deaths_.front() > kDeathsWindow) {
        deaths_.pop_front();
    }
    asked_.clear();
    sampling_.clear();
    silent_since_.reset();
    const std::string text = "slotd-exec has ended (" + how + ")";
    const bool too_often = deaths_.size() > kDeathsMax;
    const Status launched = too_often ? Status{} : launch();
    if (too_often || !launched) {
        say(action::Priority::Critical, text +
                                            (too_often ? ", once too often within a minute"
                                                       : ": " + launched.error().message()) +
                                            "; giving up, run slotd-exec --open-gates");
        news_.lost();
        return;
    }
    if (give_up_at_) {
        say(action::Priority::Critical, text + "; the next one is not there yet");
        return;
    }
    say(action::Priority::Critical, text + "; started another, which opens all gates first");
    news_.restarted();
}

}  // namespace slotd::daemon
