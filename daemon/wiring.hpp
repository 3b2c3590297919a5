#pragma once

#include "daemon/exit_code.hpp"
#include "daemon/options.hpp"
#include "os/config_file.hpp"

namespace slotd::daemon {

/// `loaded` has no mistakes. Builds the daemon out of its parts, runs it until it is told to end,
/// and takes it apart: when this returns, slotd-exec has ended and every gate is open, or the exit
/// code says that one is not.
ExitCode run(const Options& options, os::LoadedConfig loaded);

}  // namespace slotd::daemon
