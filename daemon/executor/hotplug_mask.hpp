#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// Presence and link change notification of a slot; never Hot-Plug Interrupt Enable (KERNEL 2.4).
/// Masking it again writes again: each slot reset of an older kernel enables it.
event::Outcome mask_hotplug(const Hands& hands, const action::MaskHotplug& effect);
event::Outcome unmask_hotplug(const Hands& hands, const action::UnmaskHotplug& effect);

/// Forget clears the latched changes before the notification is on again. For open_gate().
event::Outcome restore_notification(const Hands& hands, const os::HotplugGate& gate,
                                    action::Latched latched);

}  // namespace slotd::executor
