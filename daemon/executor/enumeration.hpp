#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"

namespace slotd::executor {

/// Removal, rescan and slot power: each may hold the kernel's global rescan lock for as long as it
/// runs (KERNEL 2.3, 3.1). None of them closes a gate.
event::Outcome remove_function(const Hands& hands, const action::RemoveFunction& effect);
event::Outcome rescan_below(const Hands& hands, const action::RescanBelow& effect);
event::Outcome set_slot_power(const Hands& hands, const action::SetSlotPower& effect);

}  // namespace slotd::executor
