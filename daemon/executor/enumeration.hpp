#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// Removal, rescan and slot power: each may hold the kernel's global rescan lock for as long as it
/// runs (KERNEL 2.3, 3.1). Power is a gate: whoever is killed between off and on leaves a line in
/// the gate record, and the slot is put on again. Power that is off already is somebody else's.
event::Outcome remove_function(const Hands& hands, const action::RemoveFunction& effect);
event::Outcome rescan_below(const Hands& hands, const action::RescanBelow& effect);
event::Outcome set_slot_power(const Hands& hands, const action::SetSlotPower& effect);

/// Puts a slot on that set_slot_power() put off. AlreadySo where somebody has done so.
event::Outcome restore_power(const Hands& hands, const os::PowerGate& gate);

}  // namespace slotd::executor
