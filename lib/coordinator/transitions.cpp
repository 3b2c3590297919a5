#include "coordinator/transitions.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/card.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/step.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/request.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"

namespace slotd::coordinator {

using action::Priority;
using action::RecordKind;

void resync(Draft& draft, const std::string& why, const std::string& ill, bool frozen) {
    draft.enter(Resyncing{draft.now + draft.limits.retry, ill, frozen}, Priority::Debug, why);
    draft.look();
}

void kernel_recovers(Draft& draft, const event::RecoveryReported& reported, bool removed) {
    const std::string function = reported.function.to_string();
    draft.slot.replayed.reset();
    draft.open_incident("kernel recovers " + function);
    KernelRecovering next;
    next.removed = removed;
    if (reported.report == event::RecoveryReport::Began) {
        next.unfinished = {reported.function};
        next.decide_at = draft.now + draft.limits.kernel_recovery;
    } else {
        next.verdict = reported.report;
        next.decide_at = draft.now + draft.limits.recovery_quiet;
    }
    const char* const what = reported.report == event::RecoveryReport::Began ? "began to recover "
                             : reported.report == event::RecoveryReport::Failed ? "gave up on "
                                                                                : "has recovered ";
    draft.enter(std::move(next), Priority::Notice, "kernel " + std::string(what) + function);
    if (auto hold = recovery_hold_script(draft.slot); !removed && !hold.empty()) {
        draft.run(std::move(hold));
    }
}

void kernel_announces(Draft& draft, const event::ErrorReported& error) {
    if (error.severity == event::Severity::Corrected) {
        return;
    }
    const bool fatal = error.severity == event::Severity::Fatal;
    std::string what =
        (fatal ? "fatal error of " : "non-fatal error of ") + error.function.to_string();
    if (error.status != 0) {  // not read where the link is down
        what += fmt::format(" (status {:#010x})", error.status);
    }
    draft.slot.replayed.reset();
    draft.open_incident(what);
    KernelRecovering next;
    next.announced = error.severity;
    next.decide_at = draft.now + draft.limits.announced_only;
    draft.enter(std::move(next), Priority::Notice, what);
    if (auto hold = recovery_hold_script(draft.slot); !hold.empty()) {
        draft.run(std::move(hold));
    }
}

void kernel_hotplugs(Draft& draft, const std::string& why) {
    draft.slot.replayed.reset();
    draft.enter(
        KernelHotplugging{draft.now + draft.limits.hotplug_quiet, draft.now + draft.limits.hotplug},
        Priority::Notice, why);
    if (auto hold = hotplug_hold_script(draft.slot); !hold.empty()) {
        draft.run(std::move(hold));
    }
}

void learn(Draft& draft, const event::Observation& seen) {
    draft.slot.known = Card::enumerated(draft.slot.facts.functions, seen);
    draft.slot.heard.removed = false;
}

bool swapped_unheard(const Slot& slot, const event::Observation& seen) {
    return another_serial(slot.known, seen) &&
           (!slot.heard.removed || not_set_up(slot.known, seen));
}

void look_now(Draft& draft, Verifying phase) {
    phase.next_look = kNever;
    phase.last_look = draft.now >= phase.give_up_at;
    draft.slot.phase = std::move(phase);
    draft.look();
}

void begin_operation(Draft& draft, Operation operation, const std::string& why) {
    const bool token = operation.purpose == Purpose::TakeToken;
    if (!token) {
        draft.open_incident(why);
    }
    operation.before = draft.slot.known;
    const std::string line = fmt::format("to {}, as {}", to_text(operation.purpose), why);
    draft.enter(Waiting{std::move(operation), draft.now + draft.limits.turn}, Priority::Info, line);
    draft.act(AskTurn{token});
}

namespace {

void refuse(Draft& draft, const event::ResetRequested& request, const std::string& reason) {
    draft.tell(Priority::Notice, RecordKind::RequestRefused,
               fmt::format("reset by {} refused: {} ({})", to_text(request.method), reason,
                           request.requester.to_string()));
    draft.act(Answer{request.request, false, "refused", reason});
}

std::string held_by(const Hold& hold) {
    return "the slot is held by " + hold.by + "; release it first";
}

}  // namespace

void begin_manual(Draft& draft, const event::ResetRequested& request) {
    if (draft.slot.hold) {
        refuse(draft, request, held_by(*draft.slot.hold));
        return;
    }
    std::optional<Operation> operation = requested_operation(draft.slot, request);
    if (!operation) {
        const policy::Ladder ladder = ladder_of(draft.slot, request);
        refuse(draft, request,
               ladder.skipped.empty() ? "no step can help" : ladder.skipped.front().reason);
        return;
    }
    begin_operation(draft, std::move(*operation),
                    fmt::format("reset by {} asked for by {}", to_text(request.method),
                                request.requester.to_string()));
}

void queue_manual(Draft& draft, const event::ResetRequested& request) {
    if (draft.slot.hold) {
        refuse(draft, request, held_by(*draft.slot.hold));
        return;
    }
    if (draft.slot.waiting.size() >= draft.limits.waiting_requests_max) {
        const std::string reason =
            fmt::format("{} requests are waiting for this slot already", draft.slot.waiting.size());
        refuse(draft, request, reason);
        return;
    }
    draft.slot.waiting.push_back(request);
    draft.tell(Priority::Notice, RecordKind::RequestAccepted,
               fmt::format("reset by {} waits until the slot is at rest, now {} ({})",
                           to_text(request.method), name_of(draft.slot.phase),
                           request.requester.to_string()));
}

namespace {

/// Gives the turn back; a manual request waits for the next rest, anything else is decided anew
/// then.
void yield(Draft& draft, Operation operation) {
    draft.act(ReleaseTurn{});
    draft.slot.replayed.reset();
    draft.end_attempt(operation, false, false, "gave way to the kernel, nothing was reset");
    if (operation.request) {
        // In front: it was first. The bound holds, it had a place before.
        draft.slot.waiting.insert(draft.slot.waiting.begin(), *operation.request);
    }
}

}  // namespace

void give_way(Draft& draft, const Operation& operation, const event::RecoveryReported& reported) {
    yield(draft, operation);
    kernel_recovers(draft, reported);
}

void give_way(Draft& draft, const Operation& operation, const event::ErrorReported& error) {
    if (error.severity != event::Severity::Corrected) {
        yield(draft, operation);
        kernel_announces(draft, error);
    }
}

void give_way(Draft& draft, const Operation& operation, const event::HotplugSeen& seen) {
    if (seen.kind == event::HotplugKind::Added || seen.kind == event::HotplugKind::Removed) {
        yield(draft, operation);
        kernel_hotplugs(draft, seen.function.to_string() + " came or went");
    }
}

void give_way(Draft& draft, const Operation& operation, const event::HotplugAnnounced&) {
    yield(draft, operation);
    kernel_hotplugs(draft, "pciehp announced a change");
}

}  // namespace slotd::coordinator
