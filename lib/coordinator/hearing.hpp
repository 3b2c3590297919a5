#pragma once

#include "base/time.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

/// Takes down in Slot::heard what an event says of the kernel at work. What the slot's own
/// re-enumeration or replay makes come and go is not the kernel's.
void hear(Slot& slot, const SlotEvent& event, Instant now, const policy::Limits& limits);
/// A service that has been unbound has drained: what was heard of it is over, what comes is old.
void forget_what_has_drained(Slot& slot, Instant now);

}  // namespace slotd::coordinator
