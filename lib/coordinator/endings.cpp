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
#include "coordinator/resting.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/step.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"

namespace slotd::coordinator {

using action::Priority;
using action::RecordKind;

Verdict refusal(const Operation& operation, const char* outcome, const std::string& why) {
    const bool well = operation.purpose == Purpose::Manual && !operation.ill && !operation.frozen;
    Verdict verdict{well, operation.frozen, why};
    verdict.refused = outcome;
    return verdict;
}

void open_gates(Draft& draft, std::optional<Operation> operation, Verdict verdict,
                action::Latched latched) {
    if (!operation && shares_gates(draft.slot)) {
        // aer and dpc are unbound for whoever has the turn in the domain: that needs the turn.
        Operation token;
        token.purpose = Purpose::TakeToken;
        token.frozen = verdict.frozen;
        token.last_failure = verdict.well ? "" : verdict.text;
        begin_operation(draft, std::move(token), verdict.text);
        return;
    }
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

namespace {

bool climbs(const Operation& operation) {
    return operation.purpose == Purpose::Recover || operation.purpose == Purpose::Manual;
}

/// The operation has made the slot well; not where it was refused and the slot had been well
/// before.
bool succeeded(const Verdict& verdict) {
    return verdict.well && verdict.refused.empty();
}

const char* outcome_of(const Verdict& verdict) {
    if (!verdict.refused.empty()) {
        return verdict.refused.c_str();
    }
    return !verdict.well ? "failed" : verdict.degraded ? "degraded" : "recovered";
}

void tell_end(Draft& draft, std::optional<Operation> operation, const Verdict& verdict) {
    if (operation) {
        draft.act(ReleaseTurn{});
        draft.answer(operation, succeeded(verdict), outcome_of(verdict), verdict.text);
        draft.end_attempt(*operation, succeeded(verdict), verdict.ambiguous, verdict.text);
    }
    const Priority well = verdict.degraded ? Priority::Warning : Priority::Notice;
    const char* const how = !verdict.well              ? "NOT recovered: "
                            : !verdict.refused.empty() ? "refused, nothing was touched: "
                                                       : "";
    draft.close_incident(verdict.well ? well : Priority::Error, how + verdict.text, verdict.frozen);
}

void hand_to_operator(Draft& draft, const Verdict& verdict) {
    const Hold hold = *draft.slot.hold;
    draft.enter(
        Held{hold.until, hold.by, hold.reason, verdict.well ? "" : verdict.text, verdict.frozen},
        Priority::Notice, "held by " + hold.by);
    while (!draft.slot.waiting.empty()) {
        const event::ResetRequested request = draft.slot.waiting.front();
        draft.slot.waiting.erase(draft.slot.waiting.begin());
        queue_manual(draft, request);  // refuses, with the reason
    }
}

/// What the kernel began while an operation had the slot, and has not ended, goes first now.
bool kernel_goes_on(Draft& draft) {
    if (draft.slot.heard.recovers(draft.now)) {
        kernel_recovers(draft, {draft.slot.heard.unfinished.front(), event::RecoveryReport::Began});
        std::get<KernelRecovering>(draft.slot.phase).unfinished = draft.slot.heard.unfinished;
        return true;
    }
    if (draft.slot.heard.hotplugs(draft.now)) {
        kernel_hotplugs(draft, "functions came or went meanwhile");
        return true;
    }
    return false;
}

/// The level's position at rest: every gate where it belongs.
void take_token(Draft& draft, const std::string& why) {
    Operation operation;
    operation.purpose = Purpose::TakeToken;
    // The token makes nothing well.
    operation.frozen = frozen_at_rest(draft.slot.phase);
    if (const auto* const ill = std::get_if<NeedsOperator>(&draft.slot.phase)) {
        operation.last_failure = ill->reason;
    }
    begin_operation(draft, std::move(operation), why);
}

bool has_strays(const Slot& slot) {
    return opening_script(slot, action::Latched::Forget).size() > 1;
}

/// Late uevents of an own operation still belong to it, where it went well.
bool cools_down(const std::optional<Operation>& operation, const Verdict& verdict, bool changed) {
    return succeeded(verdict) && operation && operation->purpose != Purpose::TakeToken && !changed;
}

}  // namespace

void conclude(Draft& draft, const std::optional<Operation>& operation, const Verdict& verdict,
              const std::optional<event::Observation>& seen) {
    const Duration soak = draft.slot.facts.policy.soak;
    if (!operation || !climbs(*operation) || !succeeded(verdict) || soak <= Duration::zero()) {
        finish(draft, operation, verdict, seen);
        return;
    }
    const std::string line = verdict.text + "; its error counters have to stay quiet now";
    draft.enter(Soaking{*operation, verdict, draft.now + soak,
                        seen ? seen->functions : draft.slot.known.functions},
                Priority::Info, line);
}

void finish(Draft& draft, const std::optional<Operation>& operation, const Verdict& ended,
            const std::optional<event::Observation>& seen) {
    const bool brought_back = operation && climbs(*operation) && succeeded(ended);
    if (brought_back) {
        draft.slot.unsettled.reset();
    }
    Verdict verdict = ended;
    if (verdict.well && draft.slot.unsettled) {
        verdict.well = false;
        verdict.text = draft.slot.unsettled->why;
        verdict.frozen = draft.slot.unsettled->frozen;
    }
    tell_end(draft, operation, verdict);
    if (verdict.well) {
        draft.settle(verdict.text);
    }
    if (kernel_goes_on(draft)) {
        return;
    }
    if (draft.slot.hold) {
        hand_to_operator(draft, verdict);
        return;
    }
    // A change that slipped in while the notification was off is confirmed and replayed from rest.
    const bool changed =
        seen ? compare(draft.slot.known, *seen) != CardChange::Same : verdict.handed_over;
    if (seen && !changed && enumeration_fits(draft.slot.facts.functions, *seen)) {
        learn(draft, *seen);
    }
    // A gate that could not be moved is tried again, here and from rest.
    const bool strays = has_strays(draft.slot);
    const Instant next_look = changed                    ? draft.now + draft.limits.change_confirmed
                              : !draft.slot.known.looked ? draft.now
                              : strays                   ? draft.now + draft.limits.retry
                                                         : next_whole_look(draft);
    const std::optional<Instant> changed_since = changed ? std::optional(draft.now) : std::nullopt;
    if (draft.slot.quarantine) {
        draft.enter(Quarantined{*draft.slot.quarantine, verdict.frozen, next_look, changed_since},
                    Priority::Warning, verdict.text);
    } else if (!verdict.well) {
        draft.enter(NeedsOperator{verdict.text, verdict.frozen, next_look, changed_since},
                    Priority::Warning, verdict.text);
    } else if (cools_down(operation, verdict, changed)) {
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

void open_strays(Draft& draft, const Verdict& verdict) {
    if (draft.slot.next_level) {
        return;  // first: it decides where the gates belong
    }
    if (!has_strays(draft.slot) || token_missing(draft.slot)) {
        take_up_work(draft);
    } else if (draft.slot.facts.policy.level == policy::Level::Exclusive) {
        take_token(draft, verdict.text);  // services of the whole domain: that needs the turn
    } else {
        open_gates(draft, std::nullopt, verdict);
    }
}

void take_up_work(Draft& draft) {
    if (draft.slot.next_level) {
        return;  // FactsChanged follows, which comes here again
    }
    if (token_missing(draft.slot)) {
        take_token(draft, "pciehp is bound");
    } else {
        take_next_request(draft);
    }
}

void take_next_request(Draft& draft) {
    while (!draft.slot.waiting.empty() && !draft.slot.next_level) {
        const event::ResetRequested request = draft.slot.waiting.front();
        draft.slot.waiting.erase(draft.slot.waiting.begin());
        begin_manual(draft, request);
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
        draft.end_attempt(*operation, false, true, "the kernel has not returned from: " + what);
    }
    draft.enter(Wedged{std::move(operation), what}, Priority::Critical,
                "kernel blocked in: " + what +
                    "; its worker is left behind, other slots go on, nothing is retried");
    draft.tell(Priority::Critical, RecordKind::Wedged, "wedged in: " + what);
    for (const event::ResetRequested& request : std::exchange(draft.slot.waiting, {})) {
        draft.act(Answer{request.request, false, "wedged",
                         "the kernel has not returned from: " + what + "; nothing was reset"});
    }
}

}  // namespace slotd::coordinator
