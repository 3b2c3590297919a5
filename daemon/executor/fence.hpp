#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// The error fence of a port: Bridge Control SERR#, Device Control reporting enables, Command
/// SERR#. Raising it again writes again: the kernel lifts SERR# on its own at each hot-add (KERNEL
/// 6).
event::Outcome raise_fence(const Hands& hands, const action::RaiseFence& effect);
event::Outcome lower_fence(const Hands& hands, const action::LowerFence& effect);

/// Clears what errors latched while the fence was up, then puts the enables back. For open_gate().
event::Outcome restore_fence(const Hands& hands, const os::FenceGate& gate);

}  // namespace slotd::executor
