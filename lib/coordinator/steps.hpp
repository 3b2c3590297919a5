#pragma once

#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"

namespace slotd::coordinator {

/// One function for each phase; each decides for every event. `phase` is a copy of the draft's
/// phase, so that a transition may replace the original.
void step_resyncing(Draft& draft, const Resyncing& phase, const SlotEvent& event);
void step_idle(Draft& draft, const Idle& phase, const SlotEvent& event);
void step_needs_operator(Draft& draft, const NeedsOperator& phase, const SlotEvent& event);
void step_quarantined(Draft& draft, const Quarantined& phase, const SlotEvent& event);
void step_held(Draft& draft, const Held& phase, const SlotEvent& event);
void step_kernel_recovering(Draft& draft, const KernelRecovering& phase, const SlotEvent& event);
void step_kernel_hotplugging(Draft& draft, const KernelHotplugging& phase, const SlotEvent& event);
void step_waiting(Draft& draft, const Waiting& phase, const SlotEvent& event);
void step_surveying(Draft& draft, const Surveying& phase, const SlotEvent& event);
void step_reserving(Draft& draft, const Reserving& phase, const SlotEvent& event);
void step_draining(Draft& draft, const Draining& phase, const SlotEvent& event);
void step_resetting(Draft& draft, const Resetting& phase, const SlotEvent& event);
void step_replaying(Draft& draft, const Replaying& phase, const SlotEvent& event);
void step_verifying(Draft& draft, const Verifying& phase, const SlotEvent& event);
void step_opening(Draft& draft, const Opening& phase, const SlotEvent& event);
void step_soaking(Draft& draft, const Soaking& phase, const SlotEvent& event);
void step_cooling_down(Draft& draft, const CoolingDown& phase, const SlotEvent& event);
void step_wedged(Draft& draft, const Wedged& phase, const SlotEvent& event);

}  // namespace slotd::coordinator
