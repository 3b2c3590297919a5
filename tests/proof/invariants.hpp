#pragma once

#include <optional>

#include "action/effect.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/slot.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "tests/proof/truth.hpp"
#include "tests/proof/violation.hpp"

namespace slotd::proof {

/// Invariants that one moment is enough to judge; those that need a memory are in witness.hpp.

/// Changes what is in a slot or what the kernel has made of it: a step of the ladder, or the
/// handing over of a hot-plug. Gates do not, and may be moved by any slot at any time.
bool acts(const action::Effect& effect, const coordinator::Slot& slot);
/// The slot whose card or gates the effect is about, as slotd knows the machine.
std::optional<pci::Address> slot_of(const action::Effect& effect, const pci::Topology& known);
/// The slot has an own operation that has been given its turn and has not ended.
bool in_operation(const coordinator::Slot& slot);
/// Idle and unchanged, or in the hands of an operator, or wedged: nothing is being waited for.
bool at_rest(const coordinator::Slot& slot);

/// 1. Never two of our own operations in overlapping reset domains.
Violations overlapping_operations(const Truth& truth, const coordinator::Coordinator& slotd);
/// 4. At most one machine-wide effect at a time, wedged ones left out.
Violations machine_wide_twice(const Truth& truth);
/// 5, first half. Every gate that is closed is in the gate record.
Violations gates_not_recorded(const Truth& truth);
/// 6. To be asked at rest: what the kernel has enumerated is what is in the slot, wherever slotd
/// says that all is well.
Violations lost_hotplugs(const Truth& truth, const coordinator::Coordinator& slotd);
/// 9. To be asked when nothing happens any more: every slot is at rest.
Violations restless(const coordinator::Coordinator& slotd);

}  // namespace slotd::proof
