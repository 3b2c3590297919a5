#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

namespace {

constexpr std::uint8_t kLostWorkersMax = 3;

}  // namespace

void step_opening(Draft& draft, const Opening& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const WorkDone& done) {
                conclude(draft, phase.operation, phase.verdict, done.observation);
            },
            [&](const WorkFailed& failed) {
                Opening next = phase;
                if (failed.outcome.kind == event::OutcomeKind::WorkerLost &&
                    phase.lost_workers < kLostWorkersMax) {
                    next.lost_workers += 1;
                    draft.slot.phase = next;
                    draft.slot.script.insert(draft.slot.script.begin(), failed.effect);
                    (void)draft.start_next();
                    return;
                }
                const bool only_a_look = std::holds_alternative<action::ObserveSlot>(failed.effect);
                if (!only_a_look && failed.outcome.kind != event::OutcomeKind::Gone) {
                    const std::string why = "cannot " + action::to_string(failed.effect) + ": " +
                                            failed.outcome.to_string();
                    draft.tell(action::Priority::Error, action::RecordKind::GateProblem,
                               why + "; it stays in the gate record and is opened when slotd ends");
                    next.verdict.well = false;
                    if (next.verdict.text.find(why) == std::string::npos) {
                        next.verdict.text += "; " + why;
                    }
                }
                draft.slot.phase = next;
                // One gate that resists keeps no other closed.
                if (!draft.start_next()) {
                    conclude(draft, next.operation, next.verdict, std::nullopt);
                }
            },
            [&](const event::RecoveryReported& reported) {
                if (!phase.operation && reported.report == event::RecoveryReport::Began) {
                    kernel_recovers(draft, reported);
                }
            },
            [&](const event::HotplugSeen& seen) {
                if (!phase.operation && (seen.kind == event::HotplugKind::Added ||
                                         seen.kind == event::HotplugKind::Removed)) {
                    kernel_hotplugs(draft, seen.function.to_string() + " came or went");
                }
            },
            [&](const event::HotplugAnnounced&) {
                if (!phase.operation) {
                    kernel_hotplugs(draft, "pciehp announced a change");
                }
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            // The gates open first; the look at the end and the rest phase see what remains.
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, event::ErrorReported,
                           event::EventsMissed, FactsChanged, TurnGranted, TurnRefused,
                           AttemptReserved, AttemptRefused, WorkerReturned, ExecutorRestarted,
                           DeadlinePassed> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
