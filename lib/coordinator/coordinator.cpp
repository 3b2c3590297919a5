#include "coordinator/coordinator.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/assert.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/machine_lock.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"

namespace slotd::coordinator {

namespace {

constexpr const char* kRescanLockHeld =
    "the kernel's rescan lock may be held by a call that never returned";

/// Has its turn, and has moved gates at most.
bool untouched(const SlotPhase& phase) {
    return std::holds_alternative<Surveying>(phase) || std::holds_alternative<Reserving>(phase) ||
           std::holds_alternative<Draining>(phase);
}

/// What the kernel does with the slot, in whatever phase that was heard of; nullptr for nothing.
const char* kernel_at_work(const Slot& slot, Instant now) {
    if (kernel_active(slot.phase)) {
        return name_of(slot.phase);
    }
    return slot.heard.recovers(now)   ? "being recovered by the kernel"
           : slot.heard.hotplugs(now) ? "being hot-plugged"
                                      : nullptr;
}

}  // namespace

Coordinator::Coordinator(Settings settings) : settings_(std::move(settings)) {}

std::vector<Action> Coordinator::kernel_said(const event::KernelEvent& event, Instant now) {
    const auto route = [&](const pci::Address& function, const SlotEvent& slot_event) {
        if (const pci::Port* const above = topology_.port_above(function)) {
            deliver(above->address, slot_event, now);
        }
        // A report that names a port is about what is below it as well (kernels before 6.18 sent
        // FAILED_RECOVERY for the port only).
        deliver(function, slot_event, now);
    };
    std::visit(Overloaded{
                   [&](const event::RecoveryReported& one) { route(one.function, one); },
                   [&](const event::ErrorReported& one) { route(one.function, one); },
                   [&](const event::HotplugSeen& one) {
                       if (const pci::Port* const above = topology_.port_above(one.function)) {
                           deliver(above->address, one, now);
                       }
                   },
                   [&](const event::HotplugAnnounced& one) { deliver(one.port, one, now); },
                   [&](const event::DeviceWedged& one) {
                       if (const pci::Port* const above = topology_.port_above(one.function)) {
                           deliver(above->address, one, now);
                       }
                   },
                   // The topology is scanned afresh by whoever feeds us.
                   [](const event::ServicesChanged&) {},
                   [&](const event::EventsMissed& one) {
                       action::Record record;
                       record.priority = action::Priority::Warning;
                       record.kind = action::RecordKind::EventsMissed;
                       record.text = "missed " + one.what + ", looking at every slot afresh";
                       outgoing_.push_back(Tell{std::move(record)});
                       for (const auto& [port, slot] : slots_) {
                           pending_.emplace_back(port, one);
                       }
                   },
               },
               event);
    return settle(now);
}

std::vector<Action> Coordinator::effect_finished(event::EffectId id, const event::Outcome& outcome,
                                                 Instant now) {
    // What a slotd-exec that has ended would have done next is not started: the next one says when
    // it is there.
    if (outcome.kind != event::OutcomeKind::ExecutorLost) {
        leave_machine(id, outcome.kind, now);
    }
    adopt_orphan(id, outcome);
    const auto owner = serials_.find(static_cast<std::uint32_t>(id >> 32));
    if (owner != serials_.end()) {
        const pci::Address port = owner->second;
        const std::optional<InFlight> done = slots_.at(port).in_flight;
        note_link(port, outcome);
        apply(port, finish_effect(slots_.at(port), id, outcome, now, settings_.limits), now);
        if (done && done->id == id) {
            give_to_its_slot(port, done->effect);
        }
    }
    return settle(now);
}

std::vector<Action> Coordinator::reset_requested(const event::ResetRequested& request,
                                                 Instant now) {
    this->request(request.port, request.request, request, now);
    return settle(now);
}

std::vector<Action> Coordinator::hold_requested(const event::HoldRequested& request, Instant now) {
    this->request(request.port, request.request, request, now);
    return settle(now);
}

std::vector<Action> Coordinator::release_requested(const event::ReleaseRequested& request,
                                                   Instant now) {
    this->request(request.port, request.request, request, now);
    return settle(now);
}

std::vector<Action> Coordinator::history_said(const history::News& news, Instant now) {
    publish(ledger_.history_said(news, now, settings_.limits));
    return settle(now);
}

void Coordinator::request(const pci::Address& port, event::RequestId id, const SlotEvent& event,
                          Instant now) {
    if (slots_.contains(port)) {
        deliver(port, event, now);
    } else {
        outgoing_.push_back(Answer{id, false, "refused", "the port is gone"});
    }
}

std::vector<Action> Coordinator::executor_restarted(Instant now) {
    machine_.clear();
    orphans_.clear();
    for (const auto& [port, slot] : slots_) {
        pending_.emplace_back(port, ExecutorRestarted{});
    }
    return settle(now);
}

std::vector<Action> Coordinator::time_passed(Instant now) {
    std::vector<pci::Address> due;
    for (const auto& [at, port] : deadlines_) {
        if (at > now) {
            break;
        }
        due.push_back(port);
    }
    for (const pci::Address& port : due) {
        deliver(port, DeadlinePassed{}, now);
    }
    return settle(now);
}

Instant Coordinator::next_deadline() const {
    Instant next = deadlines_.empty() ? kNever : deadlines_.begin()->first;
    if (turns_.asked()) {
        for (const auto& [port, slot] : slots_) {
            next = std::min(next, slot.heard.over_after(settled_at_));
        }
    }
    return next;
}

void Coordinator::deliver(const pci::Address& port, const SlotEvent& event, Instant now) {
    const auto at = slots_.find(port);
    if (at != slots_.end()) {
        apply(port, step(at->second, event, now, settings_.limits), now);
    }
}

void Coordinator::apply(const pci::Address& port, Step step, Instant now) {
    Slot& slot = slots_.at(port);
    deadlines_.erase({deadline_of(slot.phase), port});
    slot = std::move(step.slot);
    if (const Instant at = deadline_of(slot.phase); at != kNever) {
        deadlines_.insert({at, port});
    }
    for (Action& action : step.actions) {
        std::visit(
            Overloaded{
                [&](const StartEffect& wanted) { start(port, wanted); },
                [&](const AskTurn& wanted) { turns_.ask(port, wanted.first); },
                [&](const ReleaseTurn&) { turns_.release(port); },
                [&](const Reserve& wanted) {
                    publish(ledger_.reserve(wanted, now, settings_.limits));
                },
                [&](const Remember& wanted) { publish(ledger_.remember(wanted, now)); },
                [&](const OneOf<Tell, Answer> auto& outside) { outgoing_.emplace_back(outside); },
            },
            action);
    }
}

void Coordinator::publish(Ledger::Decisions decisions) {
    for (auto& [port, event] : decisions.events) {
        pending_.emplace_back(port, std::move(event));
    }
    for (Remember& entry : decisions.entries) {
        outgoing_.emplace_back(std::move(entry));
    }
    for (std::string& warning : decisions.warnings) {
        action::Record record;
        record.priority = action::Priority::Warning;
        record.kind = action::RecordKind::History;
        record.text = std::move(warning);
        outgoing_.emplace_back(Tell{std::move(record)});
    }
}

void Coordinator::start(const pci::Address& port, const StartEffect& wanted) {
    SLOTD_ASSERT(slots_.contains(port));
    const MachineLock::Admission admission = machine_.admit(wanted);
    if (admission.start) {
        outgoing_.emplace_back(wanted);
    } else if (admission.refused) {
        refuse_effect(wanted, kRescanLockHeld);
    }
}

void Coordinator::refuse_effect(const StartEffect& refused, const std::string& why) {
    refused_.emplace_back(
        refused.id, event::Outcome{event::OutcomeKind::Refused, 0,
                                   action::to_string(refused.effect) + ": " + why, std::nullopt});
}

void Coordinator::leave_machine(event::EffectId id, event::OutcomeKind how, Instant now) {
    for (;;) {
        const MachineLock::Next next = machine_.finished(id, how);
        for (const StartEffect& refused : next.refused) {
            refuse_effect(refused, kRescanLockHeld);
        }
        if (!next.start) {
            return;
        }
        const auto overtaken = overtaken_by(next.start->id, now);
        if (!overtaken) {
            outgoing_.push_back(*next.start);
            return;
        }
        refuse_effect(*next.start, *overtaken);
        id = next.start->id;
        how = event::OutcomeKind::Refused;
    }
}

std::optional<std::string> Coordinator::overtaken_by(event::EffectId id, Instant now) const {
    const auto owner = serials_.find(static_cast<std::uint32_t>(id >> 32));
    if (owner == serials_.end()) {
        return std::nullopt;
    }
    const Slot& slot = slots_.at(owner->second);
    const bool step = std::holds_alternative<Resetting>(slot.phase) ||
                      std::holds_alternative<Replaying>(slot.phase);
    const bool begins =
        step && slot.in_flight && slot.in_flight->id == id && !operation_of(slot.phase)->touched;
    if (!begins) {
        return std::nullopt;  // what has begun is better ended than left in the middle
    }
    if (const char* const kernels = kernel_at_work(slot, now)) {
        return std::string("the slot is ") + kernels;
    }
    const auto obstacle = obstacle_of(owner->second, now);
    return obstacle ? std::optional(obstacle->reason) : std::nullopt;
}

bool Coordinator::waits_for_token_of(const pci::Address& port, const Slot& other) const {
    const Operation* const wanted = operation_of(slots_.at(port).phase);
    if (!token_missing(other) || (wanted != nullptr && wanted->purpose == Purpose::TakeToken)) {
        return false;
    }
    const Operation* const theirs = operation_of(other.phase);
    return std::holds_alternative<Resyncing>(other.phase) ||
           (theirs != nullptr && theirs->purpose == Purpose::TakeToken);
}

bool Coordinator::conflict(const pci::Address& one, const pci::Address& other) const {
    if (topology_.reset_domains_overlap(one, other)) {
        return true;
    }
    const auto first = slots_.find(one);
    const auto second = slots_.find(other);
    // The token is one for each AER domain: what drains aer there acts on all of it.
    return first != slots_.end() && second != slots_.end() &&
           first->second.facts.policy.level == policy::Level::Exclusive &&
           first->second.facts.root_port == second->second.facts.root_port;
}

std::optional<Turns::Obstacle> Coordinator::obstacle_of(const pci::Address& port,
                                                        Instant now) const {
    std::optional<Turns::Obstacle> obstacle;
    for (const auto& [other, slot] : slots_) {
        const char* const kernels = kernel_at_work(slot, now);
        const bool wedged = std::holds_alternative<Wedged>(slot.phase);
        const bool token = waits_for_token_of(port, slot);
        if (other == port) {
            // Its phase would have left the queue; what met another phase is remembered.
            if (kernels != nullptr) {
                obstacle = Turns::Obstacle{false, std::string("the slot is ") + kernels};
            }
            continue;
        }
        if ((kernels == nullptr && !wedged && !token) || !conflict(port, other)) {
            continue;
        }
        if (wedged) {
            return Turns::Obstacle{true,
                                   other.to_string() + " is wedged: " + reason_of(slot.phase)};
        }
        obstacle = Turns::Obstacle{false, other.to_string() + " is " +
                                              (kernels != nullptr ? kernels : name_of(slot.phase))};
    }
    return obstacle;
}

std::optional<Turns::Decision> Coordinator::turn_to_call_back(Instant now) const {
    for (const pci::Address& port : turns_.holders()) {
        const auto slot = slots_.find(port);
        if (slot == slots_.end() || !untouched(slot->second.phase)) {
            continue;
        }
        if (const auto obstacle = obstacle_of(port, now)) {
            return Turns::Decision{port, obstacle->reason};
        }
    }
    return std::nullopt;
}

std::vector<Action> Coordinator::settle(Instant now) {
    // Bounded: each round takes something out of a queue, and what puts something in waits for an
    // answer from outside first. The bound turns a mistake in that reasoning into a crash, not a
    // hang.
    const std::size_t rounds_max = 1000 + 100 * slots_.size();
    for (std::size_t round = 0;; ++round) {
        SLOTD_ASSERT(round < rounds_max);
        if (!pending_.empty()) {
            const auto [port, event] = std::move(pending_.front());
            pending_.pop_front();
            deliver(port, event, now);
            continue;
        }
        if (!refused_.empty()) {
            const auto [id, outcome] = std::move(refused_.front());
            refused_.pop_front();
            const auto owner = serials_.find(static_cast<std::uint32_t>(id >> 32));
            if (owner != serials_.end()) {
                const pci::Address port = owner->second;
                apply(port, finish_effect(slots_.at(port), id, outcome, now, settings_.limits),
                      now);
            }
            continue;
        }
        if (const auto called_back = turn_to_call_back(now)) {
            deliver(called_back->port, TurnRefused{*called_back->refusal}, now);
            continue;
        }
        const auto decision = turns_.decide(
            [this](const auto& one, const auto& other) { return conflict(one, other); },
            [this, now](const auto& port) { return obstacle_of(port, now); });
        if (!decision) {
            settled_at_ = now;
            return std::exchange(outgoing_, {});
        }
        if (decision->refusal) {
            deliver(decision->port, TurnRefused{*decision->refusal}, now);
        } else {
            deliver(decision->port, TurnGranted{}, now);
        }
    }
}

}  // namespace slotd::coordinator
