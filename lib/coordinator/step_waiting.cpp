#include <optional>
#include <utility>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "policy/level.hpp"

namespace slotd::coordinator {

namespace {

void turn_granted(Draft& draft, Operation operation) {
    const bool climbs_ladder =
        operation.purpose == Purpose::Recover || operation.purpose == Purpose::Manual;
    if (climbs_ladder) {
        try_rung(draft, std::move(operation), action::Priority::Debug, "it is our turn");
        return;
    }
    draft.slot.attempts += 1;
    operation.attempt = draft.slot.attempts;
    if (operation.purpose == Purpose::TakeToken) {
        // The level's position at rest is the token: opening the gates takes it.
        const bool well = operation.last_failure.empty();
        Verdict verdict;
        verdict.well = well;
        verdict.frozen = operation.frozen;
        verdict.text = well ? "the token is taken" : operation.last_failure;
        open_gates(draft, std::move(operation), std::move(verdict));
        return;
    }
    auto script = closing_script(draft.slot, operation);
    draft.enter(Draining{std::move(operation)}, action::Priority::Info, "it is our turn");
    draft.run(std::move(script));
}

/// Nothing was touched. A request is answered; what slotd wanted itself is wanted again later.
void give_up(Draft& draft, Operation operation, const std::string& why) {
    draft.tell(action::Priority::Error, action::RecordKind::RequestRefused,
               std::string(to_text(operation.purpose)) + " not possible now: " + why);
    draft.answer(operation, false, "refused", why);
    operation.request.reset();  // answered
    const bool well = operation.purpose == Purpose::TakeToken && operation.last_failure.empty();
    const Verdict verdict{well, operation.frozen, why};
    if (draft.slot.facts.policy.level == policy::Level::Exclusive) {
        // The position at rest is the token, and moving it is what the turn was for.
        conclude(draft, operation, verdict, std::nullopt);
    } else {
        open_gates(draft, operation, verdict);
    }
}

}  // namespace

void step_waiting(Draft& draft, const Waiting& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const TurnGranted&) { turn_granted(draft, phase.operation); },
            [&](const TurnRefused& refused) { give_up(draft, phase.operation, refused.reason); },
            [&](const DeadlinePassed&) {
                if (draft.now >= phase.give_up_at) {
                    give_up(draft, phase.operation, "the turn did not come in time");
                }
            },
            [&](const OneOf<event::RecoveryReported, event::ErrorReported, event::HotplugSeen,
                            event::HotplugAnnounced> auto& said) {
                give_way(draft, phase.operation, said);
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            // The operation looks afresh before it acts.
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, event::EventsMissed, FactsChanged,
                           AttemptReserved, AttemptRefused, WorkDone, WorkFailed, WorkerReturned,
                           ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
