#include <optional>
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

namespace slotd::coordinator {

void step_replaying(Draft& draft, const Replaying& phase, const SlotEvent& event) {
    std::visit(Overloaded{
                   [&](const WorkDone&) {
                       // pciehp may take seconds to enumerate; the deadline is that of a hot-plug.
                       draft.enter(Verifying{phase.operation, draft.now + draft.limits.hotplug,
                                             kNever, std::nullopt},
                                   action::Priority::Info,
                                   "pciehp has the slot, waiting until it settles");
                       draft.look();
                   },
                   [&](const WorkFailed& failed) {
                       const std::string why =
                           "the hot-plug could not be replayed: " + failed.outcome.to_string();
                       draft.tell(action::Priority::Error, action::RecordKind::EffectFailed,
                                  why + "; leaving the slot to an operator");
                       open_gates(draft, phase.operation, Verdict{false, false, why});
                   },
                   [&](const event::ResetRequested& request) { queue_manual(draft, request); },
                   // The hot-plug that we asked for; verification waits until it has settled.
                   [](const OneOf<event::DeviceWedged, event::HoldRequested,
                                  event::ReleaseRequested, Recalled, Reconfigured, HistoryFailed,
                                  event::RecoveryReported, event::ErrorReported, event::HotplugSeen,
                                  event::HotplugAnnounced, event::EventsMissed, FactsChanged,
                                  TurnGranted, TurnRefused, AttemptReserved, AttemptRefused,
                                  WorkerReturned, ExecutorRestarted, DeadlinePassed> auto&) {},
               },
               event);
}

}  // namespace slotd::coordinator
