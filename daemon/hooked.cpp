#include "daemon/hooked.hpp"

#include <optional>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "control/hook.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "policy/ladder.hpp"

namespace slotd::daemon {

namespace {

control::HookQuestion question_about(const coordinator::Slot& slot) {
    control::HookQuestion question;
    question.port = slot.facts.port;
    question.slot = slot.facts.name;
    question.functions.assign(slot.facts.functions.begin(), slot.facts.functions.end());
    question.incident = slot.incident ? slot.incident->id : 0;
    if (const auto* const operation = coordinator::operation_of(slot.phase)) {
        question.step = operation->rungs.empty() ? "" : to_text(operation->rungs.front());
        question.automatic = operation->purpose == coordinator::Purpose::Recover;
        question.forced = operation->request && operation->request->force;
        question.asked_by = operation->request ? operation->request->requester.to_string() : "";
    }
    return question;
}

}  // namespace

void HookedExecutor::start(event::EffectId id, const action::Effect& effect) {
    const auto* const ask = std::get_if<action::AskHooks>(&effect);
    if (ask == nullptr) {
        executor_.start(id, effect);
        return;
    }
    const auto& slots = slots_().slots();
    const auto slot = slots.find(ask->port);
    hooks_.ask(id, slot == slots.end() ? control::HookQuestion{} : question_about(slot->second));
}

void HookedMemory::append(const history::Entry& entry, std::optional<history::Ticket> ticket) {
    history_.append(entry, ticket);
    if (const auto* const ended = std::get_if<history::AttemptEnded>(&entry)) {
        hooks_.tell({ended->port, ended->incident, ended->well, ended->how});
    }
}

}  // namespace slotd::daemon
