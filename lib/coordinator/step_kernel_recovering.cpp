#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

namespace {

using event::RecoveryReport;

void note_report(Draft& draft, KernelRecovering phase, const event::RecoveryReported& reported) {
    std::erase(phase.unfinished, reported.function);
    if (reported.report == RecoveryReport::Began) {
        phase.verdict.reset();  // the next recovery follows at once: its end counts
        phase.unfinished.push_back(reported.function);
        std::ranges::sort(phase.unfinished);
    } else if (phase.verdict != RecoveryReport::Failed) {
        phase.verdict = reported.report;
    }
    // A failed function fails the whole recovery (kernel err.c): the others end with it.
    const bool over =
        phase.verdict == RecoveryReport::Failed || (phase.verdict && phase.unfinished.empty());
    phase.decide_at =
        draft.now + (over ? draft.limits.recovery_quiet : draft.limits.kernel_recovery);
    draft.slot.phase = std::move(phase);
}

/// pciehp is at work all the same, and has to hear what comes next.
void let_pciehp_hear(Draft& draft) {
    if (auto script = hearing_script(draft.slot); !script.empty()) {
        draft.run(std::move(script));
    }
}

/// Functions went while AER was at work, or the other way round: the fight that slotd exists for.
void note_removal(Draft& draft, KernelRecovering phase, const event::HotplugSeen& seen) {
    if (seen.kind == event::HotplugKind::Removed && !phase.removed) {
        phase.removed = true;
        draft.slot.phase = std::move(phase);
        draft.tell(action::Priority::Warning, action::RecordKind::OverlapSeen,
                   seen.function.to_string() + " was removed while the kernel recovered the slot");
        let_pciehp_hear(draft);
    }
}

void decide(Draft& draft, const KernelRecovering& phase) {
    draft.slot.heard.unfinished.clear();
    if (phase.removed) {
        kernel_hotplugs(draft, "functions were removed during the recovery");
        return;
    }
    const bool failed = phase.verdict == RecoveryReport::Failed;
    // Where nothing was announced (no tracefs), the worse of the two is assumed.
    if (failed && phase.announced.value_or(event::Severity::Fatal) == event::Severity::Fatal) {
        // What answers is frozen all the same: no look can make that better.
        bring_back(draft, "the kernel gave the recovery up", {.frozen = true});
        return;
    }
    const KernelRecovered ended{phase.verdict.value_or(RecoveryReport::Succeeded),
                                !phase.verdict.has_value()};
    draft.enter(
        Verifying{ended, draft.now + draft.slot.facts.policy.verification, kNever, std::nullopt},
        ended.silent ? action::Priority::Warning : action::Priority::Info,
        ended.silent ? "the kernel said nothing more"
        : failed     ? "the kernel gave a non-fatal recovery up"
                     : "the kernel says it has recovered the slot");
    draft.look();
}

}  // namespace

void step_kernel_recovering(Draft& draft, const KernelRecovering& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const event::RecoveryReported& reported) { note_report(draft, phase, reported); },
            [&](const event::ErrorReported& error) {
                if (error.severity == event::Severity::Corrected) {
                    return;  // says nothing about the recovery that is under way
                }
                KernelRecovering next = phase;
                next.announced = std::max(phase.announced, std::optional(error.severity));
                draft.slot.phase = std::move(next);
            },
            [&](const event::HotplugSeen& seen) { note_removal(draft, phase, seen); },
            [&](const event::HotplugAnnounced&) {
                KernelRecovering next = phase;
                next.removed = true;
                draft.slot.phase = std::move(next);
                draft.tell(action::Priority::Warning, action::RecordKind::OverlapSeen,
                           "pciehp announced a change while the kernel recovers the slot");
                let_pciehp_hear(draft);
            },
            [&](const DeadlinePassed&) {
                if (draft.now >= phase.decide_at) {
                    decide(draft, phase);
                }
            },
            [&](const event::EventsMissed&) {
                // The end may be among what was lost.
                KernelRecovering next = phase;
                next.decide_at = std::min(phase.decide_at, draft.now + draft.limits.announced_only);
                draft.slot.phase = std::move(next);
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            [&](const WorkFailed& failed) {
                draft.tell(
                    action::Priority::Warning, action::RecordKind::GateProblem,
                    "cannot hold pciehp back, going on without: " + failed.outcome.to_string());
            },
            // The hold is in place; the kernel's end is waited for.
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, WorkDone, FactsChanged,
                           TurnGranted, TurnRefused, AttemptReserved, AttemptRefused,
                           WorkerReturned, ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
