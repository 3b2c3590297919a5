#include <variant>

#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/resting.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

void step_idle(Draft& draft, const Idle& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const event::RecoveryReported& reported) { kernel_recovers(draft, reported); },
            [&](const event::ErrorReported& error) { kernel_announces(draft, error); },
            [&](const event::HotplugSeen& seen) { hotplug_at_rest(draft, phase, seen); },
            [&](const event::HotplugAnnounced&) {
                kernel_hotplugs(draft, "pciehp announced a change");
            },
            // What was lost may be a card's departure: what is known stays, so that it is compared.
            [&](const event::EventsMissed&) { look_from_rest(draft, phase, draft.now); },
            [&](const FactsChanged&) {
                open_strays(draft, Verdict{true, false, "the facts have changed"});
            },
            [&](const event::ResetRequested& request) { begin_manual(draft, request); },
            [&](const DeadlinePassed&) { deadline_at_rest(draft, phase); },
            [&](const WorkDone& done) {
                if (done.observation && looked_from_rest(draft, phase, *done.observation)) {
                    learn(draft, *done.observation);
                    open_strays(draft, Verdict{true, false, "a gate was left closed"});
                }
            },
            [&](const WorkFailed& failed) { look_failed_at_rest(draft, phase, failed); },
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, TurnGranted, TurnRefused,
                           AttemptReserved, AttemptRefused, WorkerReturned,
                           ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
