#include "engine/engine.hpp"

#include <algorithm>
#include <expected>
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
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::engine {

using namespace std::chrono_literals;

namespace {

/// A uevent of an added bridge comes before its bus numbers are final; nothing says when they are.
constexpr Duration kScanAgainAfter = 300ms;

bool changes_topology(const event::KernelEvent& event) {
    return std::holds_alternative<event::HotplugSeen>(event) ||
           std::holds_alternative<event::ServicesChanged>(event) ||
           std::holds_alternative<event::EventsMissed>(event);
}

}  // namespace

Engine::Engine(coordinator::Settings settings, Ports ports)
    : coordinator_(std::move(settings)),
      ports_(ports) {}

Status Engine::start(Instant now) {
    auto topology = ports_.topology.scan();
    if (!topology) {
        return std::unexpected(std::move(topology.error()));
    }
    carry_out(coordinator_.topology_scanned(std::move(*topology), now));
    return {};
}

void Engine::kernel_said(const event::KernelEvent& event, Instant now) {
    if (std::holds_alternative<event::EventsMissed>(event)) {
        scan(now);  // first, so that ports nobody told of are looked at too
    }
    scan_wanted_ = scan_wanted_ || changes_topology(event);
    carry_out(coordinator_.kernel_said(event, now));
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
    carry_out(coordinator_.effect_finished(id, outcome, now));
}

void Engine::executor_restarted(Instant now) {
    for (const auto& [id, request] : std::exchange(plans_, {})) {
        finish_plan(request, {event::OutcomeKind::ExecutorLost, 0, "survey", std::nullopt});
    }
    carry_out(coordinator_.executor_restarted(now));
}

void Engine::submit(const event::ResetRequested& request, Instant now) {
    carry_out(coordinator_.reset_requested(request, now));
}

void Engine::history_said(const history::News& news, Instant now) {
    carry_out(coordinator_.history_said(news, now));
}

void Engine::hold(const event::HoldRequested& request, Instant now) {
    carry_out(coordinator_.hold_requested(request, now));
}

void Engine::release(const event::ReleaseRequested& request, Instant now) {
    carry_out(coordinator_.release_requested(request, now));
}

void Engine::reconfigure(policy::Policy policy, const policy::Limits& limits, Instant now) {
    carry_out(coordinator_.reconfigured(std::move(policy), limits, now));
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
    carry_out(coordinator_.time_passed(now));
}

Instant Engine::next_deadline() const {
    return std::min(scan_again_, coordinator_.next_deadline());
}

void Engine::scan(Instant now) {
    auto topology = ports_.topology.scan();
    if (topology) {
        scan_problem_.clear();
        carry_out(coordinator_.topology_scanned(std::move(*topology), now));
        return;
    }
    const std::string problem = topology.error().message();
    if (problem != scan_problem_) {
        scan_problem_ = problem;
        action::Record record;
        record.priority = action::Priority::Error;
        record.kind = action::RecordKind::SlotsChanged;
        record.text = problem + "; going on with the ports known so far";
        ports_.records.write(record);
    }
}

void Engine::carry_out(const std::vector<coordinator::Action>& actions) {
    for (const coordinator::Action& action : actions) {
        std::visit(Overloaded{
                       [&](const coordinator::StartEffect& wanted) {
                           ports_.executor.start(wanted.id, wanted.effect);
                       },
                       [&](const coordinator::Remember& one) {
                           ports_.history.append(one.entry, one.ticket);
                       },
                       [&](const coordinator::Tell& said) { ports_.records.write(said.record); },
                       [&](const coordinator::Answer& answer) {
                           ports_.requests.answer(
                               {answer.request, answer.succeeded, answer.outcome, answer.text});
                       },
                       // The coordinator keeps these to itself.
                       [](const OneOf<coordinator::AskTurn, coordinator::ReleaseTurn,
                                      coordinator::Reserve> auto&) {},
                   },
                   action);
    }
}

}  // namespace slotd::engine
