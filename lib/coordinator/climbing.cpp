#include <fmt/format.h>

#include <algorithm>
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
#include "coordinator/transitions.hpp"
#include "event/observation.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"

namespace slotd::coordinator {

using action::Priority;
using action::RecordKind;

namespace {

/// Why slotd does not act of its own accord here; nullopt if it may.
std::optional<std::string> why_not_automatic(const Slot& slot) {
    if (slot.hold) {
        return "the slot is held by " + slot.hold->by;
    }
    if (slot.quarantine) {
        return "the slot is in quarantine: " + *slot.quarantine;
    }
    return why_configured_off(slot);
}

/// What is configured now decides which steps may still begin.
void obey_configuration(const Slot& slot, Operation& operation) {
    const std::vector<policy::Rung>& steps = slot.facts.policy.steps;
    if (const auto why = why_configured_off(slot)) {
        operation.rungs.clear();
        operation.last_failure += "; " + *why + " now";
    }
    std::erase_if(operation.rungs,
                  [&](policy::Rung rung) { return std::ranges::find(steps, rung) == steps.end(); });
}

void do_nothing(Draft& draft, const std::string& why, const std::string& reason,
                const policy::Ladder& ladder, bool frozen, const std::optional<Operation>& turn) {
    std::string line = why + "; " + reason;
    if (!ladder.rungs.empty() && ladder.rungs.front() != policy::Rung::Quarantine) {
        line += fmt::format("; would have tried {}; ask for it with slotctl reset {} --reason ...",
                            to_text(ladder.rungs.front()), draft.slot.facts.port.to_string());
    }
    draft.tell(Priority::Warning, RecordKind::NoAction, line);
    open_gates(draft, turn, Verdict{false, frozen, why + "; " + reason});
}

}  // namespace

Condition condition_of(const Card& known, const event::Observation& seen) {
    Condition condition;
    condition.answers = compare(known, seen) != CardChange::Unreachable;
    for (const event::FunctionSeen& before : known.functions) {
        const auto now =
            std::ranges::find(seen.functions, before.address, &event::FunctionSeen::address);
        // What does not answer says nothing about its registers.
        if (now == seen.functions.end() || before.is_virtual || !now->identity.answers()) {
            continue;
        }
        condition.wiped |= (before.memory_decodes && !now->memory_decodes) ||
                           (before.bars_intact && !now->bars_intact);
        condition.wants_driver |= !before.driver.empty() && now->driver != before.driver;
    }
    return condition;
}

void bring_back(Draft& draft, const std::string& why, const Condition& condition,
                const std::optional<Operation>& turn) {
    policy::LadderQuestion question = ladder_question(draft.slot);
    question.answers = condition.answers;
    question.frozen = condition.frozen;
    question.wiped = condition.wiped;
    question.wants_driver = condition.wants_driver;
    const policy::Ladder ladder = policy::recovery_ladder(question, draft.slot.facts.policy.steps);
    for (const policy::SkippedRung& skipped : ladder.skipped) {
        draft.tell(Priority::Info, RecordKind::NoAction,
                   fmt::format("{} skipped: {}", to_text(skipped.rung), skipped.reason));
    }
    if (const auto reason = why_not_automatic(draft.slot)) {
        do_nothing(draft, why, *reason, ladder, condition.frozen, turn);
        return;
    }
    if (ladder.rungs.empty()) {
        do_nothing(draft, why, "no step can help", ladder, condition.frozen, turn);
        return;
    }
    if (ladder.rungs.front() == policy::Rung::Quarantine) {
        set_aside(draft, why + "; no gentler step can help");
        open_gates(draft, turn, Verdict{false, condition.frozen, why});
        return;
    }
    Operation operation;
    operation.purpose = Purpose::Recover;
    operation.rungs = ladder.rungs;
    operation.frozen = condition.frozen;
    if (turn) {
        operation.before = turn->before;
        try_rung(draft, std::move(operation), Priority::Info, "to recover, as " + why);
        return;
    }
    begin_operation(draft, std::move(operation), why);
}

void wait_again(Draft& draft, Operation operation, const std::string& why) {
    draft.end_attempt(operation, false, false, "called back: " + why);
    operation.attempt = 0;
    draft.slot.script.clear();
    const bool token = operation.purpose == Purpose::TakeToken;
    draft.act(ReleaseTurn{});
    draft.enter(Waiting{std::move(operation), draft.now + draft.limits.turn}, Priority::Info,
                "the kernel comes first: " + why);
    draft.act(AskTurn{token});
}

void try_rung(Draft& draft, Operation operation, Priority priority, const std::string& line) {
    draft.slot.attempts += 1;
    operation.attempt = draft.slot.attempts;
    operation.touched = false;
    draft.enter(Surveying{std::move(operation), false}, priority, line);
    draft.run({action::SurveyUse{draft.slot.facts.port}});
}

void next_rung(Draft& draft, Operation operation, const std::string& why, bool untouched) {
    const policy::Rung failed = operation.rungs.front();
    const bool first = operation.last_failure.empty();
    draft.end_attempt(operation, false, false, why);
    operation.rungs.erase(operation.rungs.begin());
    operation.last_failure = fmt::format("{} did not help: {}", to_text(failed), why);
    if (draft.slot.heard.recovers(draft.now) || draft.slot.heard.hotplugs(draft.now)) {
        operation.rungs.clear();
        operation.last_failure += "; the kernel has gone to work on the slot meanwhile";
    }
    if (draft.slot.hold) {
        operation.rungs.clear();
        operation.last_failure += "; the slot is held by " + draft.slot.hold->by;
    }
    if (operation.purpose == Purpose::Recover) {
        obey_configuration(draft.slot, operation);
    }
    if (!operation.rungs.empty() && operation.rungs.front() == policy::Rung::Quarantine) {
        set_aside(draft, operation.last_failure);
        operation.rungs.clear();
    }
    if (operation.rungs.empty()) {
        draft.tell(Priority::Error, RecordKind::EffectFailed,
                   operation.last_failure + "; no step is left, leaving the slot to an operator");
        Verdict verdict = untouched && first
                              ? refusal(operation, "refused", operation.last_failure)
                              : Verdict{false, operation.frozen, operation.last_failure};
        operation.rungs = {failed};  // what the gates were closed for
        open_gates(draft, std::move(operation), std::move(verdict));
        return;
    }
    const std::string line =
        fmt::format("{}, trying {}", operation.last_failure, to_text(operation.rungs.front()));
    try_rung(draft, std::move(operation), Priority::Warning, line);
}

void set_aside(Draft& draft, const std::string& why) {
    if (draft.slot.quarantine) {
        return;
    }
    draft.slot.quarantine = why;
    draft.act(Remember{history::Quarantined{draft.slot.facts.port, why}});
    draft.tell(Priority::Error, RecordKind::Quarantined,
               fmt::format("in quarantine, no automatic action until slotctl release {}: {}",
                           draft.slot.facts.port.to_string(), why));
}

}  // namespace slotd::coordinator
