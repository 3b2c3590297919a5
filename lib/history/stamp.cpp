#include "history/stamp.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/time.hpp"

namespace slotd::history {

namespace {

/// From microseconds that may be anything; negative counts as none, too much as the longest.
Duration at_most_for_ever(std::int64_t microseconds) {
    constexpr auto kMost =
        std::chrono::duration_cast<std::chrono::microseconds>(Duration::max()).count();
    return std::chrono::microseconds(std::clamp(microseconds, std::int64_t{0}, kMost));
}

Duration between(std::int64_t then, std::int64_t now) {
    std::int64_t passed = 0;
    if (__builtin_sub_overflow(now, then, &passed)) {
        return now > then ? Duration::max() : Duration::zero();
    }
    return at_most_for_ever(passed);
}

}  // namespace

Duration age_of(const Stamp& then, const Stamp& now) {
    if (then.boot_id == now.boot_id && !now.boot_id.empty()) {
        return between(then.boottime_us, now.boottime_us);
    }
    const Duration by_wall_clock = between(then.realtime_us, now.realtime_us);
    const bool another_boot = !then.boot_id.empty() && !now.boot_id.empty();
    return another_boot ? std::max(by_wall_clock, at_most_for_ever(now.boottime_us))
                        : by_wall_clock;
}

}  // namespace slotd::history
