#pragma once

#include <functional>
#include <optional>
#include <string>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// Closes one gate. The order is the contract: what it was before is in the record before it
/// changes, so whoever comes after a crash, this process or the next, can put it back. `gate` holds
/// what was read just now; `close` changes it. Where `close` fails, or where nobody waits for this
/// job any more, the gate is opened again at once: slotd will not ask for it.
event::Outcome close_gate(const Hands& hands, const os::Gate& gate,
                          const std::function<Status()>& close);

/// Opens one gate from what the record says, and notes it as opened. Only the bits that were closed
/// are touched: the kernel may have changed others meanwhile. Where the port, the service or the
/// function is no longer there, there is nothing to open: the gate leaves the record with a line,
/// and the answer is Gone. A port that is there but does not answer keeps its gate in the record.
event::Outcome open_gate(const Hands& hands, const os::Gate& recorded,
                         action::Latched latched = action::Latched::Deliver);

/// What the record has of the gate that `named` names; nullopt where it is not closed.
Result<std::optional<os::Gate>> recorded(const Hands& hands, const os::Gate& named);

}  // namespace slotd::executor
