#pragma once

#include <chrono>

namespace slotd {

/// Length of time. Nanoseconds inside; write literals (5s, 250ms).
using Duration = std::chrono::nanoseconds;

/// CLOCK_MONOTONIC as a type without a now(): the pure modules get the time as an argument, only
/// os/ reads the clock.
struct MonotonicClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicClock>;
    static constexpr bool is_steady = true;
};

using Instant = MonotonicClock::time_point;

/// Later than every deadline: "never".
inline constexpr Instant kNever = Instant::max();

}  // namespace slotd
