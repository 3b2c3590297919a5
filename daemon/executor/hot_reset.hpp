#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "daemon/executor/below_port.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio.hpp"

namespace slotd::executor {

/// What the kernel would reset and what is below the port, if that is not the same: "the reset
/// would hit 0000:02:00.0 too". nullopt where it is.
std::optional<std::string> mismatch(const std::vector<FunctionBelow>& functions,
                                    const os::HotResetInfo& info);

/// Asks what a hot reset of the opened function affects, compares that with what is below the port,
/// and does it with these groups (none for a function that was opened by its own device node).
event::Outcome compare_and_reset(const Hands& hands, const std::vector<FunctionBelow>& functions,
                                 const os::UniqueFd& device,
                                 const std::vector<os::UniqueFd>& groups);

/// How a VFIO step failed: what can be tried again is Failed, what cannot is Refused, and nothing
/// at all is Gone, since what the kernel misses is a module or a group.
event::Outcome vfio_outcome(const Error& error);

}  // namespace slotd::executor
