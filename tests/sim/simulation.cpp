#include "tests/sim/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/step.hpp"
#include "engine/ports.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "history/news.hpp"
#include "pci/address.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"
#include "tests/proof/truth.hpp"
#include "tests/proof/violation.hpp"
#include "tests/sim/executor.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/machine_maker.hpp"
#include "tests/sim/plan.hpp"
#include "tests/sim/random.hpp"

namespace slotd::sim {

using namespace std::chrono_literals;

namespace {

/// A run that does not end is a mistake too: about a hundred times what the longest one needs.
constexpr unsigned kAwakeMax = 100;
constexpr std::uint64_t kStepsMax = 3'000'000;

coordinator::Settings make_settings(Random& random) {
    coordinator::Settings settings;
    policy::SlotPolicy& all = settings.policy.defaults;
    all.level = random.chance(450)   ? policy::Level::Fence
                : random.chance(800) ? policy::Level::Exclusive
                                     : policy::Level::Observe;
    all.automatic_action = random.chance(800);
    all.soak = random.chance(700) ? random.between(100ms, 3s) : Duration{};
    if (random.chance(500)) {
        all.in_use = {};  // nothing keeps slotd from acting
    }
    settings.limits.hooks = random.chance(300);
    settings.session = 1;
    return settings;
}

/// Large machines sample a lot at level exclusive, so their time is shorter.
Duration horizon_of(Random& random, std::size_t ports) {
    return ports > 16 ? random.between(5s, 40s) : random.between(5s, 240s);
}

std::string to_text(const event::KernelEvent& event) {
    return std::visit(
        Overloaded{
            [](const event::RecoveryReported& one) {
                const char* const what = one.report == event::RecoveryReport::Began ? "BEGIN"
                                         : one.report == event::RecoveryReport::Failed
                                             ? "FAILED"
                                             : "SUCCESSFUL";
                return fmt::format("{}_RECOVERY of {}", what, one.function.to_string());
            },
            [](const event::ErrorReported& one) {
                return fmt::format("aer_event of {}, severity {}", one.function.to_string(),
                                   static_cast<int>(one.severity));
            },
            [](const event::HotplugSeen& one) {
                const char* const what = one.kind == event::HotplugKind::Added         ? "add"
                                         : one.kind == event::HotplugKind::Removed     ? "remove"
                                         : one.kind == event::HotplugKind::DriverBound ? "bind"
                                                                                       : "unbind";
                return fmt::format("{} {}", what, one.function.to_string());
            },
            [](const event::HotplugAnnounced& one) {
                return fmt::format("pci_hp_event of {}", one.port.to_string());
            },
            [](const event::DeviceWedged& one) { return "WEDGED of " + one.function.to_string(); },
            [](const event::ServicesChanged& one) {
                return "services of " + one.port.to_string() + " changed";
            },
            [](const event::EventsMissed& one) { return "missed " + one.what; },
        },
        event);
}

}  // namespace

Verdict run(std::uint64_t seed, const RunOptions& options) {
    return Simulation(seed, options).go();
}

Simulation::Simulation(std::uint64_t seed, const RunOptions& options)
    : seed_(seed),
      options_(options),
      random_(seed * 0x2545f4914f6cdd1dU + 1),
      cards_(random_.fork()),
      machine_(make_machine(random_, cards_)),
      settings_(make_settings(random_)),
      described_(describe(machine_)),
      plan_(make_plan(random_, machine_, horizon_of(random_, machine_.ports.size()))),
      trace_(options.trace),
      kernel_(
          schedule_, machine_, random_.fork(), [this](const auto& event) { kernel_says(event); },
          [this](const auto& about, const auto& text) { note(about, text); }),
      uevents_(schedule_, random_.fork(), "uevents", [this](const auto& batch) { deliver(batch); }),
      trace_pipe_(schedule_, random_.fork(), "trace records",
                  [this](const auto& batch) { deliver(batch); }),
      executor_(schedule_, machine_, kernel_, random_.fork(),
                {.asked =
                     [this](event::EffectId id, const action::Effect& effect) {
                         dirty_ = dirty_ || !action::reads_only(effect);
                         add(witness_.acted(coordinator::StartEffect{id, effect},
                                            engine_->coordinator(), truth()));
                     },
                 .outcome =
                     [this](event::EffectId id, const event::Outcome& outcome) {
                         witness_.effect_ended(id, outcome, engine_->coordinator().topology());
                         engine_->effect_finished(id, outcome, schedule_.now());
                     },
                 .sampled =
                     [this](event::EffectId id, const event::Outcome& outcome) {
                         engine_->sampled(id, outcome, schedule_.now());
                     },
                 .gates_opening = [this] { witness_.gates_opened(); },
                 .gate_moved =
                     [this](const coordinator::Gate& gate, bool open) {
                         dirty_ = true;
                         witness_.gate_moved_unasked(gate, open);
                     },
                 .restarted = [this] { engine_->executor_restarted(schedule_.now()); },
                 .note = [this](const auto& about, const auto& text) { note(about, text); }}),
      history_(
          schedule_, random_.fork(), [this](const auto& news) { history_says(news); },
          [this](const auto& one) { witness_.reserved(one.port, one.attempt); }),
      witness_(settings_.limits) {
    witness_.configured(settings_.limits, acts(), nullptr);
    described_.insert(
        described_.begin(),
        fmt::format("slotd: level {}, automatic action {}", policy::to_text(configured().level),
                    configured().automatic_action ? "on" : "off"));
}

Verdict Simulation::go() {
    schedule_plan();
    start_slotd();
    const Duration horizon = plan_.empty() ? Duration{} : plan_.back().at;
    run_until(Instant{} + horizon + 1ms);
    calm_down();
    come_to_rest("after the faults");
    try_hotplug_once_more();
    come_to_rest("after one more hot-plug");
    stop_slotd();
    Verdict verdict;
    verdict.seed = seed_;
    verdict.violations = violations_;
    verdict.machine = described_;
    verdict.plan = plan_;
    verdict.trace = trace_.lines();
    verdict.lasted = schedule_.now() - Instant{};
    verdict.steps = steps_;
    return verdict;
}

void Simulation::schedule_plan() {
    for (std::size_t index = 0; index < plan_.size(); ++index) {
        const bool wanted =
            !options_.only || std::ranges::find(*options_.only, index) != options_.only->end();
        if (wanted) {
            schedule_.at(Instant{} + plan_[index].at, [this, index] { happen(plan_[index]); });
        }
    }
}

void Simulation::start_slotd() {
    note({}, "slotd: starts");
    machine_.forget_serials();
    engine_.emplace(settings_,
                    engine::Engine::Ports{executor_, *this, *this, *this, history_, executor_});
    executor_.client_came();
    history_.open();
    uevents_.listen(true);
    trace_pipe_.listen(true);
    engine_->start(machine_.topology(), schedule_.now());
}

void Simulation::kill_slotd() {
    if (!engine_) {
        return;
    }
    note({}, "slotd: killed");
    engine_.reset();
    history_.close();
    unanswered_.clear();
    uevents_.listen(false);
    trace_pipe_.listen(false);
    executor_.client_gone();
    witness_.slotd_restarted();
    settings_.session += 1;
}

void Simulation::history_says(const history::News& news) {
    if (engine_) {
        dirty_ = true;
        if (std::holds_alternative<history::Unusable>(news)) {
            note({}, "history: unusable");
        } else if (std::holds_alternative<history::Opened>(news)) {
            note({}, "history: opened");
        }
        engine_->history_said(news, schedule_.now());
    }
}

void Simulation::kernel_says(const event::KernelEvent& event) {
    dirty_ = true;
    if (std::holds_alternative<event::ErrorReported>(event) ||
        std::holds_alternative<event::HotplugAnnounced>(event)) {
        trace_pipe_.say(event);
    } else {
        uevents_.say(event);
    }
}

void Simulation::deliver(const std::vector<event::KernelEvent>& batch) {
    for (const event::KernelEvent& event : batch) {
        dirty_ = true;
        if (trace_.kept()) {
            note({}, "slotd hears: " + to_text(event));
        }
        witness_.kernel_said(event, engine_->coordinator().topology(), schedule_.now());
        engine_->kernel_said(event, schedule_.now());
    }
    engine_->kernel_drained(schedule_.now());
}

void Simulation::write(const action::Record& record) {
    dirty_ = true;
    if (trace_.kept()) {
        note(record.port.value_or(pci::Address{}), "slotd: " + record.text);
    }
}

void Simulation::answer(const engine::ResetAnswer& answer) {
    note({}, fmt::format("slotd answers request {}: {}: {}", answer.request, answer.outcome,
                         answer.text));
    add(witness_.acted(
        coordinator::Answer{answer.request, answer.succeeded, answer.outcome, answer.text},
        engine_->coordinator(), truth()));
    if (unanswered_.erase(answer.request) == 0) {
        object(9, fmt::format("request {} is answered twice", answer.request));
    }
}

void Simulation::run_until(Instant end) {
    while (!broken()) {
        const Instant deadline = engine_ ? engine_->next_deadline() : kNever;
        const Instant next = std::min(deadline, schedule_.next());
        if (next > end) {
            schedule_.advance_to(std::max(end, schedule_.now()));
            return;
        }
        if (deadline <= schedule_.next()) {
            schedule_.advance_to(std::max(deadline, schedule_.now()));
            engine_->time_passed(schedule_.now());
            awake_ = engine_->next_deadline() <= schedule_.now() ? awake_ + 1 : 0;
            if (awake_ > kAwakeMax) {
                object(9, "slotd wants to be woken at a time that has passed");
            }
        } else {
            schedule_.run_next();
        }
        judge();
        if (++steps_ > kStepsMax) {
            object(9, "the run does not end: something happens again and again");
        }
    }
}

void Simulation::judge() {
    if (!dirty_ || !engine_) {
        return;
    }
    dirty_ = false;
    add(witness_.seen(truth(), engine_->coordinator()));
}

void Simulation::object(int invariant, const std::string& text) {
    add({{invariant, text}});
}

void Simulation::add(proof::Violations more) {
    for (const proof::Violation& violation : more) {
        trace_.line(
            schedule_.now(), {},
            fmt::format("VIOLATION of invariant {}: {}", violation.invariant, violation.text));
    }
    violations_.insert(violations_.end(), std::make_move_iterator(more.begin()),
                       std::make_move_iterator(more.end()));
}

proof::Truth Simulation::truth() const {
    proof::Truth truth;
    truth.now = schedule_.now();
    for (const auto& [address, port] : machine_.ports) {
        if (!machine_.exists(port)) {
            continue;
        }
        proof::PortTruth one;
        one.port = address;
        one.parent = port.parent;
        one.root_port = port.root_port;
        one.services = port.services;
        one.bound = port.bound;
        one.fenced = port.fenced;
        one.masked = port.masked;
        one.enumerated = port.enumerated ? port.enumerated->card : 0;
        one.card = port.card ? port.card->uid : 0;
        // What identities cannot tell apart is the same here; and that a card has died is no
        // hot-plug.
        const bool silent = port.card && !machine_.card_answers(port);
        if (silent || machine_.enumeration_fits(port)) {
            one.card = one.enumerated;
        }
        truth.ports.push_back(one);
    }
    for (const auto& [id, asked] : executor_.asked()) {
        truth.running.push_back({id, asked.effect, asked.given_up});
    }
    truth.recorded.assign(executor_.record().begin(), executor_.record().end());
    return truth;
}

}  // namespace slotd::sim
