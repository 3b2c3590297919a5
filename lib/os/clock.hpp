#pragma once

#include "base/time.hpp"

namespace slotd::os {

/// CLOCK_MONOTONIC, now. Inside a turn of the loop EventLoop::now() is cheaper and the same for
/// all.
Instant read_clock();

}  // namespace slotd::os
