#include "tests/sim/executor.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/gate.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/address.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/kernel.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

namespace slotd::sim {

using namespace std::chrono_literals;
using coordinator::Gate;
using event::OutcomeKind;

namespace {

constexpr Duration kOpeningDeadline = 75s;

std::optional<Gate> gate_of(const action::Effect& effect) {
    const auto closed = coordinator::closed_by(effect);
    return closed ? closed : coordinator::opened_by(effect);
}

}  // namespace

SimExecutor::SimExecutor(Schedule& schedule, Machine& machine, Kernel& kernel, Random random,
                         Hooks hooks)
    : schedule_(schedule),
      machine_(machine),
      kernel_(kernel),
      random_(random),
      hooks_(std::move(hooks)),
      connected_(true),
      alive_(true) {}

void SimExecutor::disarm() {
    armed_.clear();
    armed_looks_.clear();
}

SimExecutor::Worker* SimExecutor::find(Ticket ticket) {
    const auto at = workers_.find(ticket);
    return at == workers_.end() ? nullptr : &at->second;
}

bool SimExecutor::gate_busy(const action::Effect& effect) const {
    const std::optional<Gate> wanted = gate_of(effect);
    if (wanted && opening_.empty() && still_opening_.contains(*wanted)) {
        return true;
    }
    return wanted && std::ranges::any_of(workers_, [&](const auto& worker) {
               return gate_of(worker.second.effect) == wanted;
           });
}

void SimExecutor::start(event::EffectId id, const action::Effect& effect) {
    hooks_.asked(id, effect);
    asked_[id] = Asked{id, effect, false, schedule_.now()};
    if (!alive_) {
        schedule_.after({}, [this, id] {
            report(id, ended_as(OutcomeKind::ExecutorLost, "slotd-exec is not there"));
        });
        return;
    }
    if (opening_.empty()) {
        work(id, effect);
    } else {
        waiting_.push_back(id);
    }
}

void SimExecutor::sample(event::EffectId id, std::vector<event::PortSample> ports) {
    if (!alive_ || !opening_.empty()) {
        schedule_.after({}, [this, id] {
            hooks_.sampled(id, ended_as(OutcomeKind::ExecutorLost, "slotd-exec is not there"));
        });
        return;
    }
    const bool slow = random_.chance(20);
    const bool fails = random_.chance(20);
    const Duration takes = slow ? random_.between(900ms, 20s) : random_.between(300us, 8ms);
    schedule_.after(takes, [this, id, fails, ports = std::move(ports), life = life_] {
        if (life == life_) {
            hooks_.sampled(
                id, fails ? ended_as(OutcomeKind::Failed, "sample", EMFILE) : sampled(ports));
        }
    });
}

void SimExecutor::work(event::EffectId id, const action::Effect& effect) {
    if (gate_busy(effect)) {
        schedule_.after(1ms, [this, id, life = life_] {
            if (life == life_) {
                report(id, ended_as(OutcomeKind::Refused, "an earlier job has not come back"));
            }
        });
        return;
    }
    const Ticket ticket = ++tickets_;
    workers_[ticket] = Worker{id, effect, false};
    schedule_.after(action::deadline_of(effect), [this, ticket] { past_deadline(ticket); });
    schedule_.after(random_.between(100us, 3ms), [this, ticket] {
        if (const Worker* const one = find(ticket)) {
            perform(ticket, passage_for(one->effect, ticket));
        }
    });
}

void SimExecutor::past_deadline(Ticket ticket) {
    Worker* const worker = find(ticket);
    if (worker == nullptr || worker->id == 0) {
        return;
    }
    worker->called_off = true;
    asked_.at(worker->id).given_up = true;
    const std::string text = action::to_string(worker->effect);
    hooks_.note(action::subject(worker->effect), "slotd-exec: wedged: " + text);
    hooks_.outcome(worker->id, ended_as(OutcomeKind::TimedOut, text));
}

void SimExecutor::end(Ticket ticket, const event::Outcome& outcome) {
    const Worker* const worker = find(ticket);
    if (worker == nullptr) {
        return;
    }
    const event::EffectId id = worker->id;
    if (!action::reads_only(worker->effect) || !outcome.succeeded()) {
        hooks_.note(action::subject(worker->effect),
                    "slotd-exec: " + action::to_string(worker->effect) + ": " +
                        (outcome.succeeded() ? "done" : outcome.to_string()));
    }
    workers_.erase(ticket);
    if (id != 0) {
        report(id, outcome);
    }
}

void SimExecutor::report(event::EffectId id, const event::Outcome& outcome) {
    if (asked_.erase(id) != 0) {
        hooks_.outcome(id, outcome);
    }
}

void SimExecutor::crash() {
    if (!alive_ || !connected_) {
        return;
    }
    hooks_.note({}, "slotd-exec: killed");
    alive_ = false;
    workers_.clear();
    waiting_.clear();
    std::vector<event::EffectId> unanswered;
    for (const auto& [id, asked] : asked_) {
        if (!asked.given_up) {
            unanswered.push_back(id);
        }
    }
    asked_.clear();
    hooks_.gates_opening();
    for (const event::EffectId id : unanswered) {
        hooks_.outcome(id, ended_as(OutcomeKind::ExecutorLost, "slotd-exec ended"));
    }
    launch();
    hooks_.restarted();
}

void SimExecutor::client_gone() {
    hooks_.note({}, "slotd-exec: slotd is gone, opening every gate");
    connected_ = false;
    for (auto& [ticket, worker] : workers_) {
        worker.called_off = true;
        worker.id = 0;
    }
    waiting_.clear();
    asked_.clear();
    hooks_.gates_opening();
    launch();
}

void SimExecutor::launch() {
    alive_ = true;
    life_ += 1;
    opening_ = record_;
    still_opening_ = record_;
    for (const Gate& gate : record_) {
        const auto note_opened = [this, gate, life = life_](const event::Outcome& outcome) {
            if (life != life_) {
                hooks_.gate_moved(gate, true);  // of one that was killed: nobody notes it
                return;
            }
            still_opening_.erase(gate);
            const bool well = outcome.succeeded() || !machine_.exists(*machine_.find(gate.port));
            if (well) {
                record_.erase(gate);
            }
            hooks_.gate_moved(gate, well);
            opened(gate, life);
        };
        move(gate, false, action::Latched::Deliver, {random_.between(1ms, 20ms)}, note_opened);
        schedule_.after(kOpeningDeadline, [this, gate, life = life_] {
            if (life == life_ && opening_.contains(gate)) {
                hooks_.gate_moved(gate, false);
            }
            opened(gate, life);
        });
    }
}

void SimExecutor::opened(const Gate& gate, unsigned life) {
    if (life != life_ || opening_.erase(gate) == 0 || !opening_.empty()) {
        return;
    }
    for (const event::EffectId id : std::exchange(waiting_, {})) {
        work(id, asked_.at(id).effect);
    }
}

}  // namespace slotd::sim
