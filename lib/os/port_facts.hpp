#pragma once

#include <string>

#include "coordinator/slot_status.hpp"
#include "pci/topology.hpp"
#include "report/checkup.hpp"

namespace slotd::os {

/// What sysfs shows of a slot's port and functions to everybody. `sysfs` is where it is mounted,
/// `topology` a scan of it.
///
/// All of it the kernel answers from memory: no register is read, of no card, and nothing that
/// sleeps is woken.
report::PortFacts read_port_facts(const std::string& sysfs, const pci::Topology& topology,
                                  const coordinator::SlotStatus& slot);

}  // namespace slotd::os
