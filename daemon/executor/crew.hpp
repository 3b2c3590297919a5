#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/executor/job.hpp"
#include "event/outcome.hpp"
#include "os/unique_fd.hpp"
#include "os/worker_process.hpp"

namespace slotd::executor {

/// How a job ended. A second one with `late` follows a TimedOut if the worker comes back after all.
struct JobEnded {
    std::uint64_t ticket = 0;
    Job job;
    event::Outcome outcome;
    bool late = false;
    bool operator==(const JobEnded&) const = default;
};

/// Bounds of the crew; the deadline can be cut shorter by tests.
struct CrewLimits {
    std::size_t workers_max = 64;
    std::size_t idle_max = 1;  ///< each more is asked in every turn, and looked at in every survey
    std::optional<Duration> deadline_max;
};

/// The worker processes: one job each at a time. An idle one takes the next job, so that looking at
/// a slot every second does not fork every second; one that does not come back within its deadline
/// is left behind, counted, and still listened to.
class Crew {
public:
    Crew(os::WorkerProcess::Body body, CrewLimits limits);

    /// Starts a job; `lent` goes with it and can be closed afterwards. Overflow at the limit, Busy
    /// where a job about the same gate has not come back yet.
    Status start(std::uint64_t ticket, const Job& job, Instant now,
                 std::span<const os::UniqueFd> lent = {});

    void add_to(std::vector<pollfd>& polled) const;
    /// What poll(2) says about those that add_to() added: who has something to say.
    void heard(std::span<const pollfd> polled);
    /// What they said, and what has passed its deadline by now.
    std::vector<JobEnded> collect(Instant now);
    Instant next_deadline() const;

    /// True while a job about this subject runs within its deadline.
    bool busy_with(const pci::Address& subject) const;
    /// True while any job runs within its deadline.
    bool busy() const;
    std::size_t wedged() const;
    /// Nobody looked at the workers for a while: each running job has its whole time once more,
    /// once.
    void renew_deadlines(Instant now);
    /// Nobody waits for the running jobs any more: what has not changed anything yet shall not.
    void call_off_all();
    /// Collects the exit status of processes that have ended.
    void reap();

private:
    struct Running {
        std::uint64_t ticket;
        Job job;
        Instant deadline;
        bool wedged = false;
        bool renewed = false;
    };

    struct Worker {
        os::WorkerProcess process;
        std::optional<Running> running;
        bool heard = false;
    };

    Duration limit_of(const Job& job) const;
    Worker* idle_worker();
    std::optional<JobEnded> read(Worker& worker, bool& ended);
    void dismiss_surplus();

    os::WorkerProcess::Body body_;
    CrewLimits limits_;
    std::list<Worker> workers_;
};

}  // namespace slotd::executor
