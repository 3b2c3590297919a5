#include "daemon/executor/crew.hpp"

#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/executor/job.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "os/unique_fd.hpp"
#include "os/worker_process.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

namespace {

event::Outcome timed_out(const Job& job) {
    return {event::OutcomeKind::TimedOut, 0, to_string(job), std::nullopt};
}

/// A worker that died took what it knew with it: what happened is as unknown as if all of
/// slotd-exec had died.
event::Outcome worker_died(const Job& job) {
    return {event::OutcomeKind::WorkerLost, 0, "the worker ended during: " + to_string(job),
            std::nullopt};
}

}  // namespace

Crew::Crew(os::WorkerProcess::Body body, CrewLimits limits)
    : body_(std::move(body)),
      limits_(limits) {}

Crew::Worker* Crew::idle_worker() {
    const auto idle =
        std::ranges::find_if(workers_, [](const Worker& worker) { return !worker.running; });
    return idle != workers_.end() ? &*idle : nullptr;
}

Status Crew::start(std::uint64_t ticket, const Job& job, Instant now,
                   std::span<const os::UniqueFd> lent) {
    const std::optional<std::string> gate = gate_name(job);
    const auto same_gate = [&](const Worker& worker) {
        return gate && worker.running && gate_name(worker.running->job) == gate;
    };
    if (std::ranges::any_of(workers_, same_gate)) {
        return failure(ErrorKind::Busy, "an earlier job about " + *gate + " has not come back");
    }
    Worker* worker = idle_worker();
    if (worker == nullptr && workers_.size() >= limits_.workers_max) {
        return failure(ErrorKind::Overflow, "too many jobs have not come back");
    }
    if (worker == nullptr) {
        auto process = os::WorkerProcess::start(body_);
        if (!process) {
            return std::unexpected(std::move(process.error()));
        }
        worker = &workers_.emplace_back(std::move(*process), std::nullopt, false);
    }
    if (auto assigned = worker->process.assign(encode(job, ticket), lent); !assigned) {
        return assigned;
    }
    worker->running = Running{ticket, job, now + limit_of(job)};
    return {};
}

Duration Crew::limit_of(const Job& job) const {
    return std::min(deadline_of(job), limits_.deadline_max.value_or(deadline_of(job)));
}

void Crew::renew_deadlines(Instant now) {
    for (Worker& worker : workers_) {
        if (worker.running && !worker.running->wedged && !worker.running->renewed) {
            worker.running->deadline = now + limit_of(worker.running->job);
            worker.running->renewed = true;
        }
    }
}

std::optional<JobEnded> Crew::read(Worker& worker, bool& ended) {
    const os::WorkerProcess::Received received = worker.process.receive();
    if (received.mail == os::WorkerProcess::Mail::None) {
        return std::nullopt;
    }
    ended = received.mail == os::WorkerProcess::Mail::Ended;
    if (!worker.running) {
        return std::nullopt;
    }
    const Running running = *std::exchange(worker.running, std::nullopt);
    if (ended) {
        return JobEnded{running.ticket, running.job, worker_died(running.job), running.wedged};
    }
    auto report = event::decode_outcome_report(received.answer);
    // A worker is this program: an answer to another ticket is a mistake of ours, and as good as
    // none.
    if (!report || report->id != running.ticket) {
        return JobEnded{running.ticket, running.job, worker_died(running.job), running.wedged};
    }
    return JobEnded{running.ticket, running.job, std::move(report->outcome), running.wedged};
}

std::vector<JobEnded> Crew::collect(Instant now) {
    std::vector<JobEnded> jobs;
    for (auto worker = workers_.begin(); worker != workers_.end();) {
        bool ended = false;
        const bool due =
            worker->running && !worker->running->wedged && now >= worker->running->deadline;
        // It may have answered since poll(2).
        if (std::exchange(worker->heard, false) || due) {
            if (auto job = read(*worker, ended)) {
                jobs.push_back(std::move(*job));
            }
        }
        if (due && worker->running) {
            worker->running->wedged = true;
            worker->process.call_off();
            jobs.push_back({worker->running->ticket, worker->running->job,
                            timed_out(worker->running->job), false});
        }
        worker = ended ? workers_.erase(worker) : std::next(worker);
    }
    dismiss_surplus();
    return jobs;
}

void Crew::dismiss_surplus() {
    std::size_t idle = 0;
    // A worker that was called off keeps its flag: it has done its last job.
    std::erase_if(workers_, [&](const Worker& worker) {
        return !worker.running && (worker.process.called_off() || ++idle > limits_.idle_max);
    });
}

void Crew::add_to(std::vector<pollfd>& polled) const {
    for (const Worker& worker : workers_) {
        polled.push_back({.fd = worker.process.fd(), .events = POLLIN, .revents = 0});
    }
}

void Crew::heard(std::span<const pollfd> polled) {
    SLOTD_ASSERT(polled.size() == workers_.size());
    auto one = polled.begin();
    for (Worker& worker : workers_) {
        worker.heard = (one++)->revents != 0;
    }
}

Instant Crew::next_deadline() const {
    Instant next = kNever;
    for (const Worker& worker : workers_) {
        if (worker.running && !worker.running->wedged) {
            next = std::min(next, worker.running->deadline);
        }
    }
    return next;
}

bool Crew::busy_with(const pci::Address& about) const {
    return std::ranges::any_of(workers_, [&](const Worker& worker) {
        return worker.running && !worker.running->wedged &&
               subject(worker.running->job) == std::optional(about);
    });
}

bool Crew::busy() const {
    return std::ranges::any_of(
        workers_, [](const Worker& worker) { return worker.running && !worker.running->wedged; });
}

std::size_t Crew::wedged() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        workers_, [](const Worker& worker) { return worker.running && worker.running->wedged; }));
}

void Crew::call_off_all() {
    for (const Worker& worker : workers_) {
        if (worker.running) {
            worker.process.call_off();
        }
    }
}

void Crew::reap() {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
}

}  // namespace slotd::executor
