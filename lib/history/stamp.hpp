#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace slotd::history {

/// When something happened, so that its age can be told after a restart or a reboot, and although
/// the wall clock jumps. Numbers that came from a file may be anything.
struct Stamp {
    std::int64_t realtime_us = 0;  ///< CLOCK_REALTIME, microseconds
    std::int64_t boottime_us = 0;  ///< CLOCK_BOOTTIME, microseconds: runs on through suspend
    std::string boot_id;  ///< /proc/sys/kernel/random/boot_id; empty where it could not be read

    bool operator==(const Stamp&) const = default;
};

/// How long ago `then` was; never negative. Within one boot CLOCK_BOOTTIME decides, and no wall
/// clock can change it. Across a reboot the wall clock decides, but what happened in an earlier
/// boot is at least as old as this boot: a clock that was set back makes things young, never
/// forgotten, and never young for ever.
Duration age_of(const Stamp& then, const Stamp& now);

}  // namespace slotd::history
