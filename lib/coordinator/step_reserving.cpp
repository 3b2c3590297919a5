#include <string>
#include <utility>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "policy/ladder.hpp"

namespace slotd::coordinator {

namespace {

void go_on(Draft& draft, Operation operation) {
    if (draft.slot.hold) {
        const std::string why = "the slot is held by " + draft.slot.hold->by;
        Verdict verdict = refusal(operation, "refused", why);
        open_gates(draft, std::move(operation), std::move(verdict));
        return;
    }
    if (const auto off = why_configured_off(draft.slot);
        off && operation.purpose == Purpose::Recover) {
        stop_recovery(draft, std::move(operation), *off);
        return;
    }
    auto script = closing_script(draft.slot, operation);
    const std::string line =
        std::string("closing the gates for ") + to_text(operation.rungs.front());
    draft.enter(Draining{std::move(operation)}, action::Priority::Info, line);
    draft.run(std::move(script));
}

/// Without a history slotd does nothing of its own accord; an operator's command goes on, and it is
/// said that nobody will remember it.
void not_remembered(Draft& draft, const Operation& operation, const std::string& reason) {
    if (operation.purpose == Purpose::Manual) {
        draft.tell(
            action::Priority::Warning, action::RecordKind::History,
            "going on with what an operator asked for, though it cannot be remembered: " + reason);
        go_on(draft, operation);
        return;
    }
    const std::string why = "no automatic action without a history: " + reason;
    draft.tell(action::Priority::Error, action::RecordKind::NoAction, why);
    open_gates(draft, operation, Verdict{false, operation.frozen, why});
}

}  // namespace

void step_reserving(Draft& draft, const Reserving& phase, const SlotEvent& event) {
    std::visit(Overloaded{
                   [&](const AttemptReserved& reserved) {
                       if (reserved.attempt == phase.operation.attempt) {
                           Operation operation = phase.operation;
                           operation.reserved = true;
                           go_on(draft, std::move(operation));
                       }  // else it belongs to a try that is over
                   },
                   [&](const HistoryFailed& failed) {
                       if (failed.attempt == phase.operation.attempt) {
                           not_remembered(draft, phase.operation, failed.reason);
                       }
                   },
                   [&](const DeadlinePassed&) {
                       if (draft.now >= phase.give_up_at) {
                           not_remembered(draft, phase.operation, "the history does not answer");
                       }
                   },
                   [&](const AttemptRefused& refused) {
                       if (refused.attempt != phase.operation.attempt) {
                           return;
                       }
                       set_aside(draft, "no attempt is left: " + refused.reason);
                       open_gates(draft, phase.operation,
                                  Verdict{false, phase.operation.frozen,
                                          "no attempt is left: " + refused.reason});
                   },
                   [&](const OneOf<event::RecoveryReported, event::ErrorReported,
                                   event::HotplugSeen, event::HotplugAnnounced> auto& said) {
                       give_way(draft, phase.operation, said);
                   },
                   [&](const TurnRefused& called_back) {
                       wait_again(draft, phase.operation, called_back.reason);
                   },
                   [&](const event::ResetRequested& request) { queue_manual(draft, request); },
                   [](const OneOf<event::DeviceWedged, event::EventsMissed, FactsChanged,
                                  event::HoldRequested, event::ReleaseRequested, Recalled,
                                  Reconfigured, TurnGranted, WorkDone, WorkFailed, WorkerReturned,
                                  ExecutorRestarted> auto&) {},
               },
               event);
}

}  // namespace slotd::coordinator
