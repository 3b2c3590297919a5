#include "engine/engine.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/in_use.hpp"
#include "coordinator/step.hpp"
#include "engine/ports.hpp"
#include "engine/sampler.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "evidence/encode.hpp"
#include "evidence/evidence.hpp"
#include "history/news.hpp"
#include "pci/topology.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::engine {

using namespace std::chrono_literals;

namespace {

/// A uevent of an added bridge comes before its bus numbers are final; nothing says when they are.
constexpr Duration kScanAgainAfter = 300ms;
/// Out of descriptors or of memory: nobody says when there are some again.
constexpr Duration kScanRetry = 2s;

bool changes_topology(const event::KernelEvent& event) {
    return std::holds_alternative<event::HotplugSeen>(event) ||
           std::holds_alternative<event::ServicesChanged>(event) ||
           std::holds_alternative<event::EventsMissed>(event);
}

/// The high half of an effect's id names its slot.
std::uint32_t slot_of(event::EffectId id) {
    return static_cast<std::uint32_t>(id >> 32);
}

evidence::HistorySaid said_by_history(const history::News& news) {
    using Word = evidence::HistoryWord;
    using Said = evidence::HistorySaid;
    return std::visit(Overloaded{
                          [](const history::Opened&) {
                              return Said{Word::Opened, ""};
                          },
                          [](const history::Unusable& one) {
                              return Said{Word::Unusable, one.reason};
                          },
                          [](const history::Written& one) {
                              return one.status
                                         ? Said{Word::Written, ""}
                                         : Said{Word::NotWritten, one.status.error().message()};
                          },
                          [](const history::Answered&) {
                              return Said{Word::Answered, ""};
                          },
                          [](const history::Dropped&) {
                              return Said{Word::Dropped, ""};
                          },
                      },
                      news);
}

}  // namespace

Engine::Engine(coordinator::Settings settings, Ports ports)
    : coordinator_(std::move(settings)),
      ports_(ports) {}

void Engine::start(pci::Topology found, Instant now) {
    scan_found(std::move(found), now);
}

void Engine::kernel_said(const event::KernelEvent& event, Instant now) {
    if (std::holds_alternative<event::EventsMissed>(event)) {
        scan(now);  // first, so that ports nobody told of are looked at too
    }
    scan_wanted_ = scan_wanted_ || changes_topology(event);
    if (!carry_out(coordinator_.kernel_said(event, now), event, now)) {
        recent_.kernel_said(event, now);
    }
}

void Engine::kernel_drained(Instant now) {
    if (scan_wanted_) {
        scan_wanted_ = false;
        scan_again_ = now + kScanAgainAfter;
        scan(now);
    }
}

void Engine::effect_finished(event::EffectId id, const event::Outcome& outcome, Instant now) {
    if (const auto plan = plans_.find(id); plan != plans_.end()) {
        const event::PlanRequested request = plan->second;
        plans_.erase(plan);
        finish_plan(request, outcome);
        return;
    }
    const std::vector<coordinator::Action> actions = coordinator_.effect_finished(id, outcome, now);
    auto ended = recent_.effect_ended(id, outcome, now);
    if (!ended) {
        (void)carry_out(actions, evidence::TimePassed{}, now);  // a stale one changes nothing
    } else if (!carry_out(actions, *ended, now)) {
        recent_.keep(slot_of(id), std::move(*ended), now);
    }
}

void Engine::executor_restarted(Instant now) {
    for (const auto& [id, request] : std::exchange(plans_, {})) {
        finish_plan(request, {event::OutcomeKind::ExecutorLost, 0, "survey", std::nullopt});
    }
    recent_.forget_effects();
    sampler_.forget();
    (void)carry_out(coordinator_.executor_restarted(now), evidence::ExecutorRestarted{}, now);
}

void Engine::submit(const event::ResetRequested& request, Instant now) {
    (void)carry_out(coordinator_.reset_requested(request, now), request, now);
}

void Engine::history_said(const history::News& news, Instant now) {
    (void)carry_out(coordinator_.history_said(news, now), said_by_history(news), now);
}

void Engine::hold(const event::HoldRequested& request, Instant now) {
    (void)carry_out(coordinator_.hold_requested(request, now), request, now);
}

void Engine::release(const event::ReleaseRequested& request, Instant now) {
    (void)carry_out(coordinator_.release_requested(request, now), request, now);
}

void Engine::reconfigure(policy::Policy policy, const policy::Limits& limits, Instant now) {
    (void)carry_out(coordinator_.reconfigured(std::move(policy), limits, now),
                    evidence::Reconfigured{}, now);
}

void Engine::plan(const event::PlanRequested& request, Instant now) {
    (void)now;
    // The slots' effects have a number in the high half: these ids are nobody else's.
    last_plan_ = (last_plan_ + 1) & 0xffffffffU;
    plans_[last_plan_] = request;
    ports_.executor.start(last_plan_, action::SurveyUse{request.port});
}

void Engine::finish_plan(const event::PlanRequested& request, const event::Outcome& outcome) {
    event::ResetRequested reset;
    reset.port = request.port;
    reset.function = request.function;
    reset.method = request.method;
    PlanAnswer answer;
    answer.request = request.request;
    answer.steps = coordinator_.preview(reset);
    answer.usage = outcome.usage;
    if (outcome.usage) {
        const coordinator::InUse in_use = coordinator_.preview_use(reset, *outcome.usage);
        answer.in_use = in_use.counted;
        answer.text = in_use.never;
        answer.would_refuse_forced = !in_use.never.empty();
    } else {
        answer.text = "cannot tell what is in use: " + outcome.to_string();
    }
    answer.would_refuse = !answer.in_use.empty() || !answer.text.empty();
    ports_.requests.answer(answer);
}

void Engine::time_passed(Instant now) {
    if (now >= scan_again_) {
        scan_again_ = kNever;
        scan(now);
    }
    if (sampler_.overdue(now)) {
        follow(sampler_.give_up(now), now);
    }
    (void)carry_out(coordinator_.time_passed(now), evidence::TimePassed{}, now);
    if (coordinator_.samples() && sampler_.round_due(now)) {
        sample(sampler_.begin_round(coordinator_.to_sample(), coordinator_.limits().sample, now));
    }
}

Instant Engine::next_deadline() const {
    return std::min({scan_again_, coordinator_.next_deadline(),
                     sampler_.next_deadline(coordinator_.samples())});
}

void Engine::sampled(event::EffectId id, const event::Outcome& outcome, Instant now) {
    if (sampler_.waits_for(id)) {
        follow(sampler_.answered(outcome, now), now);
    }
}

void Engine::sample(Sampler::Request request) {
    if (request.id != 0) {
        ports_.samples.sample(request.id, std::move(request.ports));
    }
}

void Engine::follow(Sampler::Result result, Instant now) {
    sample(std::move(result.next));
    tell_problem(sample_problem_, result.problem, action::Priority::Warning,
                 action::RecordKind::EffectFailed,
                 "cannot sample the slots at rest, looking at each: " + result.problem);
    (void)carry_out(coordinator_.look_at(result.look_at, now), evidence::TimePassed{}, now);
}

void Engine::scan(Instant now) {
    auto topology = ports_.topology.scan();
    if (topology) {
        scan_problem_.clear();
        scan_found(std::move(*topology), now);
        return;
    }
    scan_again_ = std::min(scan_again_, now + kScanRetry);
    const std::string problem = topology.error().message();
    tell_problem(scan_problem_, problem, action::Priority::Error, action::RecordKind::SlotsChanged,
                 problem + "; going on with the ports known so far");
}

void Engine::tell_problem(std::string& last, const std::string& problem, action::Priority priority,
                          action::RecordKind kind, const std::string& text) {
    if (problem == last) {
        return;
    }
    last = problem;
    if (!problem.empty()) {
        action::Record record;
        record.priority = priority;
        record.kind = kind;
        record.text = text;
        ports_.records.write(record);
    }
}

void Engine::scan_found(pci::Topology topology, Instant now) {
    (void)carry_out(coordinator_.topology_scanned(std::move(topology), now), evidence::PortSeen{},
                    now);
}

bool Engine::carry_out(const std::vector<coordinator::Action>& actions,
                       const evidence::Cause& cause, Instant now) {
    bool told = false;
    inputs_ += 1;
    // What touches a slot goes out first: a card may be waiting for it, and nobody for a line. What
    // must be on the disk before an effect is asked for by its ticket, an input earlier.
    for (const coordinator::Action& action : actions) {
        if (const auto* const wanted = std::get_if<coordinator::StartEffect>(&action)) {
            recent_.effect_began(wanted->id, wanted->effect, now);
            ports_.executor.start(wanted->id, wanted->effect);
        }
    }
    for (const coordinator::Action& action : actions) {
        std::visit(Overloaded{
                       [&](const coordinator::Remember& one) {
                           ports_.history.append(one.entry, one.ticket);
                       },
                       [&](const coordinator::Tell& said) {
                           told = told || said.record.port.has_value();
                           tell(said.record, cause, now);
                       },
                       [&](const coordinator::Answer& answer) {
                           ports_.requests.answer(
                               {answer.request, answer.succeeded, answer.outcome, answer.text});
                       },
                       // Started above; the others the coordinator keeps to itself.
                       [](const OneOf<coordinator::StartEffect, coordinator::AskTurn,
                                      coordinator::ReleaseTurn, coordinator::Reserve> auto&) {},
                   },
                   action);
    }
    return told;
}

void Engine::tell(action::Record record, const evidence::Cause& cause, Instant now) {
    if (!ports_.records.takes_evidence()) {
        ports_.records.write(record);
        return;
    }
    evidence::Evidence evidence;
    evidence.input = inputs_;
    evidence.at = now;
    evidence.cause = cause;
    const pci::Port* const port =
        record.port ? coordinator_.topology().find(*record.port) : nullptr;
    if (port != nullptr) {
        const auto slot = coordinator_.slots().find(port->address);
        const bool known = slot != coordinator_.slots().end();
        auto taken = recent_.take(*port, known ? slot_of(slot->second.effect_base) : 0);
        evidence.earlier = std::move(taken.facts);
        evidence.left_out = taken.left_out;
    }
    if (std::holds_alternative<evidence::PortSeen>(cause)) {
        // A scan is of all ports; the line is about one.
        evidence.cause = port != nullptr ? evidence::Cause(evidence::PortSeen{*port})
                                         : evidence::Cause(evidence::TimePassed{});
    }
    record.event = evidence::encode(evidence);
    ports_.records.write(record);
}

}  // namespace slotd::engine
