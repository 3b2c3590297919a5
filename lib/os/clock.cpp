#include "os/clock.hpp"

#include <time.h>

#include <chrono>

#include "base/assert.hpp"
#include "base/time.hpp"

namespace slotd::os {

Instant read_clock() {
    timespec now{};
    // It can fail for a clock that does not exist only; Linux always has this one.
    SLOTD_ASSERT(::clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return Instant{std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec)};
}

}  // namespace slotd::os
