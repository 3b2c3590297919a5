#pragma once

#include "base/time.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

/// Takes down in Slot::heard what an event says of the kernel at work. What the slot's own
/// re-enumeration or replay makes come and go is not the kernel's.
void hear(Slot& slot, const SlotEvent& event, Instant now, const policy::Limits& limits);

}  // namespace slotd::coordinator
