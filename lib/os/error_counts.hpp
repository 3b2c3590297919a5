#pragma once

#include "event/observation.hpp"
#include "os/sysfs_dir.hpp"

namespace slotd::os {

/// What the kernel has counted of a function's errors since it was enumerated (aer.c
/// aer_dev_*_show): answered from memory, the card is not asked. 0 where there is no such count.
event::ErrorCounts read_error_counts(const SysfsDir& function);

}  // namespace slotd::os
