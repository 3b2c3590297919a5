#include "metrics/meter.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "metrics/words.hpp"
#include "policy/ladder.hpp"

namespace slotd::metrics {

namespace {

double seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

void Meter::kernel_said(const event::KernelEvent& event, Source source) {
    std::visit(Overloaded{
                   [&](const event::ErrorReported& one) { kernel_errors.add(one.severity); },
                   [&](const event::RecoveryReported& one) { kernel_recoveries.add(one.report); },
                   [&](const event::EventsMissed&) { missed_events.add(source); },
                   [](const OneOf<event::HotplugSeen, event::HotplugAnnounced, event::DeviceWedged,
                                  event::ServicesChanged> auto&) {},
               },
               event);
}

void Meter::effect_started(event::EffectId id, const action::Effect& effect, Instant now) {
    if (std::holds_alternative<action::AskHooks>(effect)) {
        asked_.insert(id);
    }
    gates.started(id, effect, now);
}

void Meter::effect_ended(event::EffectId id, const event::Outcome& outcome, Instant now) {
    gates.ended(id, outcome, now);
    if (asked_.erase(id) != 0) {
        asked_hooks(outcome);
        return;
    }
    if (outcome.kind == event::OutcomeKind::TimedOut) {
        wedged_.insert(id);
    } else if (wedged_.erase(id) != 0) {
        return;  // counted when it passed its deadline
    }
    effects.add(outcome.kind);
}

void Meter::asked_hooks(const event::Outcome& outcome) {
    // As daemon/hooks.cpp words it.
    const bool silent = outcome.context.find(": no answer within ") != std::string::npos;
    hook_inquiries.at(outcome.succeeded() ? 0 : silent ? 2 : 1) += 1;
}

void Meter::executor_restarted(Instant now) {
    executor_restarts += 1;
    wedged_.clear();
    gates.all_open(now);
}

void Meter::remembered(const history::Entry& entry, Instant now) {
    std::visit(Overloaded{
                   [&](const history::IncidentOpened& one) {
                       open_[one.incident] = {now, cause_of(one)};
                   },
                   [&](const history::IncidentClosed& one) { closed(one, now); },
                   [&](const history::AttemptReserved& one) {
                       const auto rung = policy::rung_from_text(one.step);
                       const auto step =
                           static_cast<std::size_t>(rung.value_or(policy::Rung::Quarantine));
                       if (step < kSteps) {
                           attempt_[one.port] = {one.attempt, step, !one.automatic};
                       }
                   },
                   [&](const history::AttemptEnded& one) { ended(one); },
                   [](const OneOf<history::Held, history::Released, history::Quarantined,
                                  history::HistoryLost> auto&) {},
               },
               entry);
}

void Meter::closed(const history::IncidentClosed& closed, Instant now) {
    const auto at = open_.find(closed.incident);
    if (at == open_.end()) {
        return;  // its end was counted; now the slot is well without an incident of its own
    }
    const Open opened = at->second;
    open_.erase(at);
    const IncidentOutcome outcome = outcome_of(closed);
    const auto cause = static_cast<std::size_t>(opened.cause);
    incidents.at(cause).add(outcome);
    if (outcome == IncidentOutcome::Recovered) {
        recovery_seconds.at(cause).observe(seconds(now - opened.since));
    }
}

void Meter::ended(const history::AttemptEnded& ended) {
    const auto at = attempt_.find(ended.port);
    if (at == attempt_.end() || at->second.number != ended.attempt) {
        return;
    }
    attempts.at(at->second.step).at(at->second.asked_for ? 1 : 0).add(outcome_of(ended));
    attempt_.erase(at);
}

void Meter::history_said(const history::News& news) {
    std::visit(Overloaded{
                   [&](const history::Opened&) { history_usable = true; },
                   [&](const history::Unusable&) { history_usable = false; },
                   [&](const history::Dropped& one) { history_dropped += one.entries; },
                   [](const OneOf<history::Written, history::Answered> auto&) {},
               },
               news);
}

void Meter::told(const action::Record& record) {
    records.add(record.kind);
}

void Meter::answered(std::string_view outcome) {
    requests.at(place_of(outcome, kRequestWords)) += 1;
}

}  // namespace slotd::metrics
