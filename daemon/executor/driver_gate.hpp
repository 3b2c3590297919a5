#pragma once

#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// Gives a function to vfio-pci: driver_override, unbind, bind. `gate` holds what was read just
/// now.
event::Outcome give_to_vfio(const Hands& hands, const os::DriverGate& gate);

/// Takes it back and gives it to the driver that it had. Only what we made of it is undone: a
/// function that has another driver or override by now, or that somebody has opened, is left alone.
/// For open_gate().
event::Outcome restore_driver(const Hands& hands, const os::DriverGate& gate);

}  // namespace slotd::executor
