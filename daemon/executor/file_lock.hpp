#pragma once

#include "base/time.hpp"
#include "os/unique_fd.hpp"

namespace slotd::executor {

/// Has the open file for itself (flock), within `patience`; tried once at least. False where others
/// still have it then, or it cannot be locked.
bool lock_within(const os::UniqueFd& file, Duration patience);

}  // namespace slotd::executor
