#include <optional>
#include <variant>

#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

void step_held(Draft& draft, const Held& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const DeadlinePassed&) {
                if (draft.now >= phase.until) {
                    end_hold(draft, phase, "its time has passed");
                }
            },
            // Watched as ever, so that it is told; with a hold no gate is moved for it.
            [&](const event::RecoveryReported& reported) { kernel_recovers(draft, reported); },
            [&](const event::ErrorReported& error) { kernel_announces(draft, error); },
            [&](const event::HotplugSeen& seen) {
                if (seen.kind == event::HotplugKind::Added ||
                    seen.kind == event::HotplugKind::Removed) {
                    kernel_hotplugs(draft, seen.function.to_string() + " came or went");
                }
            },
            [&](const event::HotplugAnnounced&) {
                kernel_hotplugs(draft, "pciehp announced a change");
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            [&](const FactsChanged&) {
                // A gate of a slot that is gone was left closed here.
                if (!draft.slot.closed.gates().empty()) {
                    open_gates(draft, std::nullopt,
                               Verdict{phase.ill.empty(), phase.frozen,
                                       phase.ill.empty() ? "held" : phase.ill});
                }
            },
            [](const OneOf<event::DeviceWedged, event::EventsMissed, event::HoldRequested,
                           event::ReleaseRequested, Recalled, Reconfigured, TurnGranted,
                           TurnRefused, AttemptReserved, AttemptRefused, HistoryFailed, WorkDone,
                           WorkFailed, WorkerReturned, ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
