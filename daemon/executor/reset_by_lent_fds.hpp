#pragma once

#include <vector>

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/unique_fd.hpp"

namespace slotd::executor {

/// Hot reset of everything directly below the port with what its owner has lent: the descriptors of
/// all IOMMU groups, or of one function that was opened by its own node. Refused where they are not
/// exactly those of what is below the port, or where something there is not VFIO's. All are closed
/// when this returns.
event::Outcome reset_by_lent_fds(const Hands& hands, const action::ResetByLentFds& effect,
                                 std::vector<os::UniqueFd> lent);

}  // namespace slotd::executor
