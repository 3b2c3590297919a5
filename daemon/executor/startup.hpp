#pragma once

#include <expected>
#include <string>

#include "base/time.hpp"
#include "daemon/executor/options.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio_calls.hpp"

namespace slotd::executor {

/// What slotd-exec needs before it can serve; each says on stderr what is wrong, and gives the exit
/// code.

/// Creates the state directory (0700) and locks it, for as long as the descriptor lives: one
/// slotd-exec for one gate record. `patience` is for another one that is about to end.
std::expected<os::UniqueFd, ExitCode> lock_state_dir(const std::string& state_dir,
                                                     Duration patience);

/// The socket that was passed: --fd, or the first of LISTEN_FDS (sd_listen_fds(3)), which may be
/// listening and is then accepted from once.
std::expected<os::UniqueFd, ExitCode> client_socket(const Options& options, int stop_fd);

/// A signalfd of SIGTERM, SIGINT, SIGHUP and SIGCHLD, which are blocked from here on.
std::expected<os::UniqueFd, ExitCode> stop_signals();

/// Everything after the command line was read. Tests have a VFIO of their own.
ExitCode run(const Options& options, const os::VfioCalls& vfio = os::kernel_vfio());

}  // namespace slotd::executor
