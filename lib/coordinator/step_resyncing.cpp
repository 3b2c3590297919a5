#include <optional>
#include <utility>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/resting.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

namespace {

/// What a first look says of the slot: nobody knows how it came to be as it is.
Verdict judge_first_look(const Slot& slot, const event::Observation& seen) {
    if (slot.unsettled) {
        return {false, slot.unsettled->frozen, slot.unsettled->why};
    }
    const bool enumerated = !slot.known.functions.empty();
    if (slot.known.occupied && !enumerated) {
        return {false, false, "looked, a card is there that the kernel has not enumerated"};
    }
    if (enumerated && !slot.known.occupied) {
        return {false, false, "looked, functions are enumerated of a card that is not there"};
    }
    if (condition_of(slot.known, seen).wiped) {
        return {false, false, "looked, " + why_not_verified(slot.known, seen)};
    }
    return {true, false, enumerated ? "looked, a card is there" : "looked, the slot is empty"};
}

void looked(Draft& draft, const Resyncing& phase, const event::Observation& seen) {
    if (!draft.slot.known.looked) {
        learn(draft, seen);
        open_gates(draft, std::nullopt, judge_first_look(draft.slot, seen));
        return;
    }
    open_gates(
        draft, std::nullopt,
        Verdict{phase.ill.empty(), phase.frozen, phase.ill.empty() ? "looked afresh" : phase.ill});
    look_soon(draft.slot.phase, draft.now);
}

/// A look that is under way has its own deadline: config accesses wait for a reset that holds the
/// port. Another beside it would wait too, and take the place of other slots' looks.
void retry(Draft& draft, Resyncing phase) {
    if (draft.slot.in_flight) {
        phase.retry_at = draft.now + draft.limits.retry;
        draft.slot.phase = std::move(phase);
    } else {
        resync(draft, "looking again", phase.ill, phase.frozen);
    }
}

}  // namespace

void step_resyncing(Draft& draft, const Resyncing& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const WorkDone& done) {
                if (done.observation) {
                    looked(draft, phase, *done.observation);
                }
            },
            [&](const WorkFailed& failed) {
                draft.tell(action::Priority::Warning, action::RecordKind::EffectFailed,
                           "cannot look at the slot, trying again: " + failed.outcome.to_string());
            },
            [&](const event::EventsMissed&) {
                resync(draft, "looking again", phase.ill, phase.frozen);
            },
            [&](const DeadlinePassed&) { retry(draft, phase); },
            [&](const event::RecoveryReported& reported) { kernel_recovers(draft, reported); },
            [&](const event::ErrorReported& error) { kernel_announces(draft, error); },
            [&](const event::HotplugSeen& seen) {
                if (seen.kind == event::HotplugKind::Added ||
                    seen.kind == event::HotplugKind::Removed) {
                    kernel_hotplugs(draft, "functions come or go while the slot is looked at");
                }
            },
            [&](const event::HotplugAnnounced&) {
                kernel_hotplugs(draft, "pciehp announced a change");
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            // Nothing was asked for that these could answer; new facts are used when the look is
            // in.
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, FactsChanged, TurnGranted,
                           TurnRefused, AttemptReserved, AttemptRefused, WorkerReturned,
                           ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
