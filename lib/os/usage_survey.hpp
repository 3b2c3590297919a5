#pragma once

#include "base/result.hpp"
#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::os {

/// The blast radius of a reset of `port`: reads who uses the functions below it, and changes
/// nothing. NotFound where there is no PCI; a port with nothing below it is used by nobody.
///
/// No configuration space is read, no device node opened, and no attribute that waits for a lock
/// which a driver in trouble may hold. What each part does not see is said where it is read:
/// usage_block, usage_mounts, usage_network, usage_processes. Beside that, an interface in another
/// network namespace is known to be there, and not how it is used: it is `unreadable`.
Result<event::Usage> survey_usage(const SysfsDir& sysfs, const SysfsDir& proc,
                                  const pci::Address& port);

}  // namespace slotd::os
