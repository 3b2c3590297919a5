#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"

namespace slotd::executor {

/// Reads everything about a slot afresh, in one go, and changes nothing. A port that is enumerated
/// but does not answer is an observation too.
event::Outcome observe_slot(const Hands& hands, const action::ObserveSlot& effect);

}  // namespace slotd::executor
