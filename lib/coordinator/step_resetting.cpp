#include <optional>
#include <string>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "policy/ladder.hpp"

namespace slotd::coordinator {

namespace {

/// Of a step with several effects the earlier ones have been done.
bool untouched(const Operation& operation, const event::Outcome& outcome) {
    const policy::Rung rung = operation.rungs.front();
    return outcome.kind == event::OutcomeKind::Refused && rung != policy::Rung::FunctionReset &&
           rung != policy::Rung::Reenumerate;
}

}  // namespace

void step_resetting(Draft& draft, const Resetting& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const WorkDone&) {
                draft.enter(
                    Verifying{phase.operation, draft.now + draft.slot.facts.policy.verification,
                              kNever, std::nullopt},
                    action::Priority::Info, "the step is done, looking at the card");
                draft.look();
            },
            [&](const WorkFailed& failed) {
                if (failed.outcome.ambiguous()) {
                    const std::string why = to_text(phase.operation.rungs.front()) +
                                            (": " + failed.outcome.to_string()) +
                                            "; what became of it is unknown, not retried";
                    draft.tell(action::Priority::Error, action::RecordKind::EffectFailed, why);
                    Verdict verdict{false, phase.operation.frozen, why};
                    verdict.ambiguous = true;
                    open_gates(draft, phase.operation, std::move(verdict));
                    return;
                }
                next_rung(draft, phase.operation, failed.outcome.to_string(),
                          untouched(phase.operation, failed.outcome));
            },
            [&](const event::RecoveryReported& reported) {
                if (reported.report == event::RecoveryReport::Began) {
                    draft.tell(action::Priority::Warning, action::RecordKind::OverlapSeen,
                               "the kernel began to recover " + reported.function.to_string() +
                                   " during our own step");
                }
            },
            [&](const event::HotplugSeen& seen) {
                const bool expected = phase.operation.rungs.front() == policy::Rung::Reenumerate;
                if (!expected && seen.kind == event::HotplugKind::Removed) {
                    draft.tell(action::Priority::Warning, action::RecordKind::OverlapSeen,
                               seen.function.to_string() +
                                   " was removed during our own reset: taken for an unplug");
                }
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            // What our own step causes; verification looks at the result.
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, event::ErrorReported,
                           event::HotplugAnnounced, event::EventsMissed, FactsChanged, TurnGranted,
                           TurnRefused, AttemptReserved, AttemptRefused, WorkerReturned,
                           ExecutorRestarted, DeadlinePassed> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
