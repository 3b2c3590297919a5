#include <optional>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

void step_resyncing(Draft& draft, const Resyncing&, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const WorkDone& done) {
                if (done.observation) {
                    draft.slot.known = Card::from(*done.observation);
                }
                open_gates(draft, std::nullopt,
                           Verdict{true, false,
                                   draft.slot.known.occupied ? "looked, a card is there"
                                                             : "looked, the slot is empty"});
            },
            [&](const WorkFailed& failed) {
                draft.tell(action::Priority::Warning, action::RecordKind::EffectFailed,
                           "cannot look at the slot, trying again: " + failed.outcome.to_string());
            },
            [&](const OneOf<DeadlinePassed, event::EventsMissed> auto&) {
                resync(draft, "looking again");
            },
            [&](const event::RecoveryReported& reported) { kernel_recovers(draft, reported); },
            [&](const event::ErrorReported& error) { kernel_announces(draft, error); },
            [&](const event::HotplugSeen& seen) {
                if (seen.kind == event::HotplugKind::Added ||
                    seen.kind == event::HotplugKind::Removed) {
                    kernel_hotplugs(draft, "functions come or go while the slot is looked at");
                }
            },
            [&](const event::HotplugAnnounced&) {
                kernel_hotplugs(draft, "pciehp announced a change");
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            // Nothing was asked for that these could answer; new facts are used when the look is
            // in.
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, HistoryFailed, FactsChanged, TurnGranted, TurnRefused,
                           AttemptReserved, AttemptRefused, WorkerReturned,
                           ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
