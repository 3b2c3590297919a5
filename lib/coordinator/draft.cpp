#include "coordinator/draft.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/assert.hpp"
#include "base/time.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/step.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

Draft::Draft(Slot&& slot_before, Instant at, const policy::Limits& bounds)
    : slot(std::move(slot_before)),
      now(at),
      limits(bounds) {}

void Draft::enter(SlotPhase next, action::Priority priority, const std::string& why) {
    const std::string from = name_of(slot.phase);
    slot.phase = std::move(next);
    const std::string to = name_of(slot.phase);
    tell(priority, action::RecordKind::PhaseChanged,
         from == to ? fmt::format("{}: {}", to, why) : fmt::format("{} -> {}: {}", from, to, why));
}

void Draft::run(std::vector<action::Effect> script) {
    SLOTD_ASSERT(!script.empty());
    slot.script = std::move(script);
    if (slot.in_flight) {
        if (!action::reads_only(slot.in_flight->effect)) {
            slot.in_flight->abandoned = true;
            return;
        }
        slot.in_flight.reset();
    }
    (void)start_next();
}

bool Draft::start_next() {
    if (slot.in_flight || slot.script.empty()) {
        return slot.in_flight.has_value();
    }
    const action::Effect effect = slot.script.front();
    slot.script.erase(slot.script.begin());
    // Pessimistic: from here on the gate may be closed, whatever becomes of the answer.
    bool newly_closed = false;
    if (const auto gate = closed_by(effect)) {
        newly_closed = !slot.closed.contains(*gate);
        slot.closed.close(*gate);
    }
    slot.effects_started += 1;
    const event::EffectId id = slot.effect_base | slot.effects_started;
    act(StartEffect{id, effect});
    slot.in_flight = InFlight{id, effect, false, newly_closed};
    return true;
}

void Draft::look() {
    run({action::ObserveSlot{slot.facts.port}});
}

void Draft::tell(action::Priority priority, action::RecordKind kind, std::string text) {
    action::Record record;
    record.priority = priority;
    record.kind = kind;
    record.port = slot.facts.port;
    record.slot = slot.facts.name;
    record.incident = slot.incident ? slot.incident->id : closed_incident_;
    if (const Operation* const operation = operation_of(slot.phase)) {
        record.attempt = operation->attempt;
    }
    record.text = std::move(text);
    act(Tell{std::move(record)});
}

void Draft::open_incident(const std::string& cause) {
    if (slot.incident) {
        return;  // one cause from the first report to the last action
    }
    slot.incidents_opened += 1;
    slot.incident = Incident{slot.incident_base | slot.incidents_opened, now, cause};
    act(Remember{
        history::IncidentOpened{slot.incident->id, slot.facts.port, slot.facts.name, cause}});
    tell(action::Priority::Notice, action::RecordKind::IncidentOpened, "incident opened: " + cause);
}

void Draft::close_incident(action::Priority priority, const std::string& how, bool frozen) {
    if (!slot.incident) {
        return;
    }
    const bool well = priority > action::Priority::Error;
    act(Remember{
        history::IncidentClosed{slot.incident->id, slot.facts.port, well, how, !well && frozen}});
    const auto lasted =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - slot.incident->opened_at);
    tell(priority, action::RecordKind::IncidentClosed,
         fmt::format("incident closed after {}.{:03} s: {}", lasted.count() / 1000,
                     lasted.count() % 1000, how));
    slot.ill_incident = well ? 0 : slot.incident->id;
    closed_incident_ = slot.incident->id;
    slot.incident.reset();
}

void Draft::settle(const std::string& how) {
    if (slot.ill_incident != 0 && !slot.incident) {
        act(Remember{
            history::IncidentClosed{slot.ill_incident, slot.facts.port, true, how, false}});
    }
    slot.ill_incident = 0;
}

void Draft::answer(const std::optional<Operation>& operation, bool succeeded, const char* outcome,
                   const std::string& text) {
    if (operation && operation->request) {
        act(Answer{operation->request->request, succeeded, outcome, text});
    }
}

void Draft::end_attempt(Operation& operation, bool well, bool ambiguous, const std::string& how) {
    if (!std::exchange(operation.reserved, false)) {
        return;
    }
    act(Remember{history::AttemptEnded{slot.facts.port, slot.incident ? slot.incident->id : 0,
                                       operation.attempt, well, ambiguous, how}});
}

Step Draft::done() && {
    for (Action& action : actions_) {
        if (auto* const said = std::get_if<Tell>(&action)) {
            said->record.phase = name_of(slot.phase);
        }
    }
    return Step{std::move(slot), std::move(actions_)};
}

}  // namespace slotd::coordinator
