#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/card.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

namespace {

/// The kernel has something to do with the card again: that is not what "recovered" means. The
/// kernel goes first; what it makes of the card decides what follows in the same incident.
void disturbed(Draft& draft, const Soaking& phase, const std::string& why) {
    Operation operation = phase.operation;
    draft.act(ReleaseTurn{});
    draft.answer(operation, false, "failed", why);
    operation.request.reset();
    draft.end_attempt(operation, false, false, why);
    draft.tell(action::Priority::Warning, action::RecordKind::EffectFailed, why);
}

void soaked(Draft& draft, const Soaking& phase, const event::Observation& seen) {
    if (const std::string noise = new_errors(phase.before, seen); !noise.empty()) {
        next_rung(draft, phase.operation, noise);
        return;
    }
    if (const std::string why = why_not_verified(draft.slot.known, seen); !why.empty()) {
        next_rung(draft, phase.operation, "after it had come back: " + why);
        return;
    }
    finish(draft, phase.operation, phase.verdict, seen);
}

}  // namespace

void step_soaking(Draft& draft, const Soaking& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const DeadlinePassed&) {
                if (draft.now >= phase.until && !draft.slot.in_flight) {
                    Soaking next = phase;
                    next.until = kNever;
                    draft.slot.phase = std::move(next);
                    draft.look();
                }
            },
            [&](const WorkDone& done) {
                if (done.observation) {
                    soaked(draft, phase, *done.observation);
                }
            },
            [&](const WorkFailed& failed) {
                next_rung(draft, phase.operation,
                          "cannot look at the card: " + failed.outcome.to_string());
            },
            [&](const event::RecoveryReported& reported) {
                // An end without a BEGIN belongs to what our own step caused.
                if (reported.report != event::RecoveryReport::Succeeded) {
                    disturbed(draft, phase, "another error right after it had come back");
                    kernel_recovers(draft, reported);
                }
            },
            [&](const event::ErrorReported& error) {
                if (error.severity != event::Severity::Corrected) {
                    disturbed(draft, phase, "another error right after it had come back");
                    kernel_announces(draft, error);
                }
            },
            [&](const event::HotplugAnnounced&) {
                disturbed(draft, phase, "the card leaves right after it had come back");
                kernel_hotplugs(draft, "pciehp announced a change");
            },
            [&](const event::HotplugSeen& seen) {
                // Late news of our own step is additions; something that goes now is not
                // ours.
                if (seen.kind == event::HotplugKind::Removed) {
                    disturbed(draft, phase, "the card leaves right after it had come back");
                    kernel_hotplugs(draft, seen.function.to_string() + " was removed");
                }
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            // The look at the end sees what was missed.
            [](const OneOf<event::DeviceWedged, event::EventsMissed, FactsChanged,
                           event::HoldRequested, event::ReleaseRequested, Recalled, Reconfigured,
                           TurnGranted, TurnRefused, AttemptReserved, AttemptRefused, HistoryFailed,
                           WorkerReturned, ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
