#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// Unbinding a port service drains it: the write returns when its handler has finished (KERNEL 6).
event::Outcome unbind_service(const Hands& hands, const action::UnbindService& effect);

/// Also binds a service that somebody else unbound: the port is handed back to the kernel in any
/// case.
event::Outcome bind_service(const Hands& hands, const action::BindService& effect);

/// For open_gate().
event::Outcome restore_binding(const Hands& hands, const os::ServiceGate& gate);

}  // namespace slotd::executor
