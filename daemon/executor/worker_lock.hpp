#pragma once

#include <string>

#include "base/time.hpp"
#include "os/unique_fd.hpp"

namespace slotd::executor {

/// A worker at work, told to whoever comes after its slotd-exec: that one must not open a gate that
/// the worker is about to close. Held (shared) in `state_dir` until the descriptor is closed, or
/// the process is gone. Invalid where there can be no such file; the job is done all the same.
os::UniqueFd hold_worker_lock(const std::string& state_dir);

/// Waits until no worker of an earlier slotd-exec is there any more. False: one still is after
/// `patience`; it hangs in the kernel, and nobody can wait for it.
bool wait_for_workers(const std::string& state_dir, Duration patience);

}  // namespace slotd::executor
