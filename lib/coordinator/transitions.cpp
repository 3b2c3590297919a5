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

void resync(Draft& draft, const std::string& why) {
    draft.enter(Resyncing{draft.now + draft.limits.retry}, Priority::Debug, why);
    draft.look();
}

void kernel_recovers(Draft& draft, const event::RecoveryReported& reported) {
    const std::string function = reported.function.to_string();
    draft.open_incident("kernel recovers " + function);
    KernelRecovering next;
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
    if (auto hold = recovery_hold_script(draft.slot); !hold.empty()) {
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
    draft.enter(
        KernelHotplugging{draft.now + draft.limits.hotplug_quiet, draft.now + draft.limits.hotplug},
        Priority::Notice, why);
    if (auto hold = hotplug_hold_script(draft.slot); !hold.empty()) {
        draft.run(std::move(hold));
    }
}

void begin_operation(Draft& draft, Operation operation, const std::string& why) {
    if (operation.purpose != Purpose::TakeToken) {
        draft.open_incident(why);
    }
    operation.before = draft.slot.known;
    const std::string line = fmt::format("to {}, as {}", to_text(operation.purpose), why);
    draft.enter(Waiting{std::move(operation), draft.now + draft.limits.turn}, Priority::Info, line);
    draft.act(AskTurn{});
}

void begin_manual(Draft& draft, const event::ResetRequested& request, bool frozen) {
    const policy::Ladder ladder =
        policy::requested_ladder(ladder_question(draft.slot, true, frozen), request.method);
    Operation operation;
    operation.purpose = Purpose::Manual;
    operation.rungs = ladder.rungs;
    operation.request = request;
    operation.frozen = frozen;
    if (ladder.rungs.empty()) {
        const std::string reason =
            ladder.skipped.empty() ? "no step can help" : ladder.skipped.front().reason;
        draft.tell(Priority::Notice, RecordKind::RequestRefused,
                   fmt::format("reset by {} refused: {} ({})", to_text(request.method), reason,
                               request.requester.to_string()));
        draft.answer(operation, false, "refused", reason);
        return;
    }
    begin_operation(draft, std::move(operation),
                    fmt::format("reset by {} asked for by {}", to_text(request.method),
                                request.requester.to_string()));
}

void queue_manual(Draft& draft, const event::ResetRequested& request) {
    if (draft.slot.waiting.size() >= draft.limits.waiting_requests_max) {
        const std::string reason =
            fmt::format("{} requests are waiting for this slot already", draft.slot.waiting.size());
        draft.tell(Priority::Notice, RecordKind::RequestRefused, "reset refused: " + reason);
        draft.act(Answer{request.request, false, "refused", reason});
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
void yield(Draft& draft, const Operation& operation) {
    draft.act(ReleaseTurn{});
    if (operation.request) {
        // In front: it was first. The bound holds, it had a place before.
        draft.slot.waiting.push_front(*operation.request);
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

void bring_back(Draft& draft, const std::string& why, bool answers, bool frozen) {
    const policy::Ladder ladder =
        policy::recovery_ladder(ladder_question(draft.slot, answers, frozen));
    for (const policy::SkippedRung& skipped : ladder.skipped) {
        draft.tell(Priority::Info, RecordKind::NoAction,
                   fmt::format("{} skipped: {}", to_text(skipped.rung), skipped.reason));
    }
    const bool observed_only = draft.slot.facts.level == policy::Level::Observe;
    if (observed_only || !draft.slot.facts.automatic_action || ladder.rungs.empty()) {
        const std::string reason = ladder.rungs.empty() ? "no step can help"
                                   : observed_only      ? "level observe never acts on its own"
                                                        : "automatic_action is off";
        draft.tell(Priority::Warning, RecordKind::NoAction,
                   fmt::format("{}; {}{}", why, reason,
                               ladder.rungs.empty()
                                   ? std::string()
                                   : fmt::format("; would have tried {}; ask for it with slotctl "
                                                 "reset {} --reason ...",
                                                 to_text(ladder.rungs.front()),
                                                 draft.slot.facts.port.to_string())));
        open_gates(draft, std::nullopt, Verdict{false, frozen, why + "; " + reason});
        return;
    }
    Operation operation;
    operation.purpose = Purpose::Recover;
    operation.rungs = ladder.rungs;
    operation.frozen = frozen;
    begin_operation(draft, std::move(operation), why);
}

void next_rung(Draft& draft, Operation operation, const std::string& why) {
    const policy::Rung failed = operation.rungs.front();
    operation.rungs.erase(operation.rungs.begin());
    operation.last_failure = fmt::format("{} did not help: {}", to_text(failed), why);
    if (operation.rungs.empty()) {
        draft.tell(Priority::Error, RecordKind::EffectFailed,
                   operation.last_failure + "; no step is left, leaving the slot to an operator");
        Verdict verdict{false, operation.frozen, operation.last_failure};
        open_gates(draft, std::move(operation), std::move(verdict));
        return;
    }
    draft.slot.attempts += 1;
    operation.attempt = draft.slot.attempts;
    const bool automatic = operation.purpose != Purpose::Manual;
    const std::string line =
        fmt::format("{}, trying {}", operation.last_failure, to_text(operation.rungs.front()));
    draft.act(Reserve{operation.attempt, automatic});
    draft.enter(Reserving{std::move(operation)}, Priority::Warning, line);
}

void open_gates(Draft& draft, std::optional<Operation> operation, Verdict verdict,
                action::Latched latched) {
    auto script = opening_script(draft.slot, latched);
    if (script.size() == 1 && !draft.slot.in_flight) {
        // Nothing but the look: no gate was closed, and the card has just been looked at.
        conclude(draft, operation, verdict, std::nullopt);
        return;
    }
    const std::string why = verdict.text;
    draft.enter(Opening{std::move(operation), std::move(verdict), 0}, Priority::Debug, why);
    draft.run(std::move(script));
}

void conclude(Draft& draft, const std::optional<Operation>& operation, const Verdict& verdict,
              const std::optional<event::Observation>& seen) {
    if (operation) {
        draft.act(ReleaseTurn{});
        draft.answer(operation, verdict.well, verdict.well ? "recovered" : "failed", verdict.text);
    }
    draft.close_incident(verdict.well ? Priority::Notice : Priority::Error,
                         verdict.well ? verdict.text : "NOT recovered: " + verdict.text);
    // A change that slipped in while the notification was off is confirmed and replayed from rest.
    const bool changed = seen && compare(draft.slot.known, *seen) != CardChange::Same;
    const bool samples = draft.slot.facts.level == policy::Level::Exclusive;
    const Instant next_look = changed   ? draft.now + draft.limits.change_confirmed
                              : samples ? draft.now + draft.limits.sample
                                        : kNever;
    const std::optional<Instant> changed_since = changed ? std::optional(draft.now) : std::nullopt;
    if (!verdict.well) {
        draft.enter(NeedsOperator{verdict.text, verdict.frozen, next_look, changed_since},
                    Priority::Warning, verdict.text);
    } else if (operation && operation->purpose != Purpose::TakeToken && !changed) {
        draft.enter(CoolingDown{draft.now + draft.limits.cool_down}, Priority::Info, verdict.text);
        return;
    } else {
        draft.enter(Idle{next_look, changed_since}, Priority::Info, verdict.text);
    }
    // A token that could not be taken is asked for again when the facts change, not at once.
    if (operation && operation->purpose == Purpose::TakeToken) {
        take_next_request(draft);
    } else {
        take_up_work(draft);
    }
}

void take_up_work(Draft& draft) {
    if (!token_missing(draft.slot)) {
        take_next_request(draft);
        return;
    }
    Operation operation;
    operation.purpose = Purpose::TakeToken;
    begin_operation(draft, std::move(operation), "pciehp is bound");
}

void take_next_request(Draft& draft) {
    while (!draft.slot.waiting.empty()) {
        const auto* const ill = std::get_if<NeedsOperator>(&draft.slot.phase);
        const event::ResetRequested request = draft.slot.waiting.front();
        draft.slot.waiting.pop_front();
        begin_manual(draft, request, ill != nullptr && ill->frozen);
        if (std::holds_alternative<Waiting>(draft.slot.phase)) {
            return;
        }
    }
}

void become_wedged(Draft& draft, const action::Effect& effect) {
    std::optional<Operation> operation;
    if (const Operation* const under_way = operation_of(draft.slot.phase)) {
        operation = *under_way;
    }
    draft.slot.script.clear();
    const std::string what = action::to_string(effect);
    draft.answer(operation, false, "wedged",
                 "the kernel has not returned from: " + what + "; the outcome is unknown");
    if (operation) {
        operation->request.reset();  // answered
    }
    draft.enter(Wedged{std::move(operation), what}, Priority::Critical,
                "kernel blocked in: " + what +
                    "; its worker is left behind, other slots go on, nothing is retried");
    draft.tell(Priority::Critical, RecordKind::Wedged, "wedged in: " + what);
}

}  // namespace slotd::coordinator
