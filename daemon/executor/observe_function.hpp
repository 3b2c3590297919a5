#pragma once

#include "daemon/executor/hands.hpp"
#include "event/observation.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

/// One function below a port whose directory is `port_dir`, read afresh. What has gone away
/// meanwhile does not answer.
event::FunctionSeen observe_function(const Hands& hands, const os::SysfsDir& port_dir,
                                     const pci::Address& address);

}  // namespace slotd::executor
