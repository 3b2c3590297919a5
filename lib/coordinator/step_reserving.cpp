#include <string>
#include <utility>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "policy/ladder.hpp"

namespace slotd::coordinator {

void step_reserving(Draft& draft, const Reserving& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const AttemptReserved& reserved) {
                if (reserved.attempt != phase.operation.attempt) {
                    return;  // belongs to a try that is over
                }
                auto script = closing_script(draft.slot, phase.operation);
                draft.enter(
                    Draining{phase.operation}, action::Priority::Info,
                    std::string("closing the gates for ") + to_text(phase.operation.rungs.front()));
                draft.run(std::move(script));
            },
            [&](const AttemptRefused& refused) {
                if (refused.attempt != phase.operation.attempt) {
                    return;
                }
                draft.tell(action::Priority::Error, action::RecordKind::NoAction,
                           "no attempt is left: " + refused.reason);
                open_gates(draft, phase.operation,
                           Verdict{false, phase.operation.frozen,
                                   "no attempt is left: " + refused.reason});
            },
            [&](const OneOf<event::RecoveryReported, event::ErrorReported, event::HotplugSeen,
                            event::HotplugAnnounced> auto& said) {
                give_way(draft, phase.operation, said);
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            [](const OneOf<event::EventsMissed, FactsChanged, TurnGranted, TurnRefused, WorkDone,
                           WorkFailed, WorkerReturned, ExecutorRestarted, DeadlinePassed> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
