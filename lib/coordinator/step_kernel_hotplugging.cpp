#include <algorithm>
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

namespace {

void still_busy(Draft& draft, KernelHotplugging phase) {
    phase.quiet_at = draft.now + draft.limits.hotplug_quiet;
    draft.slot.phase = phase;
}

}  // namespace

void step_kernel_hotplugging(Draft& draft, const KernelHotplugging& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const OneOf<event::HotplugSeen, event::HotplugAnnounced,
                            event::EventsMissed> auto&) { still_busy(draft, phase); },
            [&](const event::RecoveryReported& reported) {
                draft.tell(action::Priority::Warning, action::RecordKind::OverlapSeen,
                           "the kernel recovers " + reported.function.to_string() +
                               " while functions come and go");
                // Not over because something else was heard of: waited for after the recovery.
                kernel_recovers(draft, reported, true);
            },
            [&](const DeadlinePassed&) {
                if (draft.now >= std::min(phase.quiet_at, phase.give_up_at)) {
                    draft.slot.heard.hotplug_until = draft.now;
                    draft.enter(Verifying{KernelHotplugged{},
                                          draft.now + draft.slot.facts.policy.verification, kNever,
                                          std::nullopt},
                                action::Priority::Debug, "no more functions come or go");
                    draft.look();
                }
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            [&](const WorkFailed& failed) {
                draft.tell(action::Priority::Warning, action::RecordKind::GateProblem,
                           "cannot hold AER back, going on without: " + failed.outcome.to_string());
            },
            // Errors of a card that comes or goes are expected; the fence keeps them from AER.
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, event::ErrorReported, WorkDone,
                           FactsChanged, TurnGranted, TurnRefused, AttemptReserved, AttemptRefused,
                           WorkerReturned, ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
