#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/card.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/resting.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

namespace {

void well_again(Draft& draft, const NeedsOperator& phase) {
    draft.enter(Idle{phase.next_look, {}}, action::Priority::Notice, "the card is well again");
    draft.settle("the card is well again");
}

/// Well or not: the quarantine holds until somebody releases the slot.
void well_again(Draft& /*draft*/, const Quarantined& /*phase*/) {}

template <class Ill>
void step_ill(Draft& draft, const Ill& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const event::RecoveryReported& reported) { kernel_recovers(draft, reported); },
            [&](const event::ErrorReported& error) { kernel_announces(draft, error); },
            [&](const event::HotplugSeen& seen) { hotplug_at_rest(draft, phase, seen); },
            [&](const event::HotplugAnnounced&) {
                kernel_hotplugs(draft, "pciehp announced a change");
            },
            [&](const FactsChanged&) {
                open_strays(draft, Verdict{false, phase.frozen, phase.reason});
            },
            [&](const event::ResetRequested& request) { begin_manual(draft, request); },
            [&](const DeadlinePassed&) { deadline_at_rest(draft, phase); },
            // What was lost may be the card's departure; what is known stays, so it is compared.
            [&](const event::EventsMissed&) { look_from_rest(draft, phase, draft.now); },
            [&](const WorkDone& done) {
                // That the card does not answer is no news here.
                if (!done.observation) {
                    return;
                }
                const bool known = looked_from_rest(draft, phase, *done.observation);
                if (!std::holds_alternative<Ill>(draft.slot.phase)) {
                    return;
                }
                const bool fits = enumeration_fits(draft.slot.facts.functions, *done.observation);
                if (known && !phase.frozen && fits && !draft.slot.unsettled &&
                    why_not_verified(draft.slot.known, *done.observation).empty()) {
                    learn(draft, *done.observation);
                    well_again(draft, std::get<Ill>(draft.slot.phase));
                    open_strays(draft, Verdict{true, false, "the card is well again"});
                } else if (!std::get<Ill>(draft.slot.phase).changed_since) {
                    open_strays(draft, Verdict{false, phase.frozen, phase.reason});
                }
            },
            [&](const WorkFailed& failed) { look_failed_at_rest(draft, phase, failed); },
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, TurnGranted, TurnRefused, AttemptReserved,
                           AttemptRefused, HistoryFailed, WorkerReturned,
                           ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace

void step_needs_operator(Draft& draft, const NeedsOperator& phase, const SlotEvent& event) {
    step_ill(draft, phase, event);
}

void step_quarantined(Draft& draft, const Quarantined& phase, const SlotEvent& event) {
    step_ill(draft, phase, event);
}

}  // namespace slotd::coordinator
