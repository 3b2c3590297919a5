#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// Writes `reset` while reset_method lists the wanted method and no other, so that a method that
/// does not work is an error and not a silent step to a rougher one.
event::Outcome reset_function(const Hands& hands, const action::ResetFunction& effect);

/// Puts the list back where it still is what we made it. For open_gate().
event::Outcome restore_reset_method(const Hands& hands, const os::ResetMethodGate& gate);

}  // namespace slotd::executor
