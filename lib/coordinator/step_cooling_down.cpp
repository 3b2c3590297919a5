#include <optional>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/resting.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

namespace {

void rest(Draft& draft) {
    draft.enter(Idle{next_whole_look(draft), std::nullopt}, action::Priority::Debug, "at rest");
    open_strays(draft, Verdict{true, false, "at rest"});
}

}  // namespace

void step_cooling_down(Draft& draft, const CoolingDown& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const DeadlinePassed&) {
                if (draft.now >= phase.until) {
                    rest(draft);
                }
            },
            [&](const event::RecoveryReported& reported) {
                // An end without a BEGIN belongs to what our own step caused.
                if (reported.report == event::RecoveryReport::Began) {
                    kernel_recovers(draft, reported);
                }
            },
            [&](const event::ErrorReported& error) { kernel_announces(draft, error); },
            // At rest the card is compared with the one that was verified.
            [&](const event::EventsMissed&) {
                draft.enter(Idle{draft.now, std::nullopt}, action::Priority::Debug,
                            "events were missed");
            },
            [&](const event::HotplugAnnounced&) {
                kernel_hotplugs(draft, "pciehp announced a change");
            },
            [&](const event::HotplugSeen& seen) {
                // Late news of our own step is additions; something that goes now is not ours.
                if (seen.kind == event::HotplugKind::Removed) {
                    kernel_hotplugs(draft, seen.function.to_string() + " was removed");
                }
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, FactsChanged, TurnGranted,
                           TurnRefused, AttemptReserved, AttemptRefused, WorkDone, WorkFailed,
                           WorkerReturned, ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
