#include <string>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

void step_wedged(Draft& draft, const Wedged& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const WorkerReturned& returned) {
                draft.tell(action::Priority::Warning, action::RecordKind::Wedged,
                           "the kernel came back from: " + phase.effect + " (" +
                               returned.outcome.to_string() + ")");
                open_gates(draft, phase.operation,
                           Verdict{false, false,
                                   "was wedged in: " + phase.effect +
                                       "; the outcome is not trusted and not retried"});
            },
            [&](const event::ResetRequested& request) {
                const std::string reason = "the kernel has not returned from: " + phase.effect;
                draft.tell(action::Priority::Notice, action::RecordKind::RequestRefused,
                           "reset refused: " + reason);
                draft.act(Answer{request.request, false, "wedged", reason});
            },
            // A slot with a stuck kernel call is not touched, whatever else is said about it.
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, event::RecoveryReported,
                           event::ErrorReported, event::HotplugSeen, event::HotplugAnnounced,
                           event::EventsMissed, FactsChanged, TurnGranted, TurnRefused,
                           AttemptReserved, AttemptRefused, WorkDone, WorkFailed, ExecutorRestarted,
                           DeadlinePassed> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
