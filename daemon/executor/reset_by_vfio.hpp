#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"

namespace slotd::executor {

/// Gives every function directly below the port to vfio-pci, resets all of them through VFIO, and
/// gives them back. Refused where a function belongs to VFIO already, where it cannot be given to
/// it, and where its VFs have not been noted: they are dropped. What is found out later, when
/// functions have been taken from their drivers, is Failed, though everything is given back.
event::Outcome reset_by_vfio(const Hands& hands, const action::ResetByVfio& effect);

}  // namespace slotd::executor
