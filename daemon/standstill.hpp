#pragma once

#include <chrono>

#include "base/time.hpp"

namespace slotd::daemon {

/// Whether slotd was let run when its time came: it may have been stopped (SIGSTOP) or frozen with
/// its cgroup. A deadline that passed meanwhile says nothing about the kernel, slotd-exec or the
/// history, which may have answered long ago: they are heard first.
class Standstill {
public:
    /// A deadline that comes later than this comes to a process that was not let run.
    static constexpr Duration kLate = std::chrono::seconds(2);
    /// How long after a standstill no deadline counts.
    static constexpr Duration kGrace = std::chrono::seconds(1);

    /// The timer was set at `now`, for `at`.
    void armed(Instant at, Instant now);
    /// The timer has fired: true where that is so late that slotd stood still. Not twice running,
    /// so that a machine that is always late has its deadlines nevertheless.
    bool seen_at(Instant now);
    /// It is over, as SIGCONT says or seen_at() has found.
    void over(Instant now);
    /// When a deadline at `at` counts.
    Instant deadline(Instant at) const;

private:
    Instant due_ = kNever;
    Instant grace_until_ = Instant::min();
    bool late_ = false;
};

}  // namespace slotd::daemon
