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
#include "coordinator/phase.hpp"
#include "coordinator/resting.hpp"
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

}  // namespace

Coordinator::Coordinator(Settings settings) : settings_(std::move(settings)) {}

std::vector<Action> Coordinator::kernel_said(const event::KernelEvent& event, Instant now) {
    const auto route = [&](const pci::Address& function, const SlotEvent& slot_event) {
        if (const pci::Port* const above = topology_.port_above(function)) {
            deliver_to(*above, slot_event, now);
        }
        // A report that names a port is about what is below it as well (kernels before 6.18 sent
        // FAILED_RECOVERY for the port only).
        if (topology_.may_be_port(function)) {
            deliver(function, slot_event, now);
        }
    };
    std::visit(Overloaded{
                   [&](const event::RecoveryReported& one) { route(one.function, one); },
                   [&](const event::ErrorReported& one) { route(one.function, one); },
                   [&](const event::HotplugSeen& one) {
                       if (const pci::Port* const above = topology_.port_above(one.function)) {
                           deliver_to(*above, one, now);
                       }
                   },
                   [&](const event::HotplugAnnounced& one) { deliver(one.port, one, now); },
                   [&](const event::DeviceWedged& one) {
                       if (const pci::Port* const above = topology_.port_above(one.function)) {
                           deliver_to(*above, one, now);
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
        finish(port, id, outcome, now);
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

std::vector<AtRest> Coordinator::to_sample() const {
    std::vector<AtRest> ports;
    for (const auto& [port, rest] : sampled_) {
        if (!slots_.at(port).in_flight) {
            ports.push_back({port, rest});
        }
    }
    return ports;
}

std::vector<Action> Coordinator::look_at(const std::vector<pci::Address>& ports, Instant now) {
    for (const pci::Address& port : ports) {
        if (sampled_.contains(port)) {
            Slot& slot = slots_.at(port);
            deadlines_.erase({deadline_of(slot.phase), port});
            look_soon(slot.phase, now);
            deliver(port, DeadlinePassed{}, now);
        }
    }
    return settle(now);
}

Instant Coordinator::next_deadline() const {
    Instant next = deadlines_.empty() ? kNever : deadlines_.begin()->first;
    // What is not over at a slot may be what an asker in its AER domain waits for.
    std::set<pci::Address> domains;
    for (const pci::Address& asker : turns_.askers()) {
        const auto slot = slots_.find(asker);
        if (slot != slots_.end()) {
            domains.insert(slot->second.facts.root_port);
        }
    }
    for (const pci::Address& domain : domains) {
        for (const pci::Port* const port : topology_.subtree(domain)) {
            if (const auto slot = slots_.find(port->address); slot != slots_.end()) {
                next = std::min(next, slot->second.heard.over_after(settled_at_));
            }
        }
    }
    return next;
}

void Coordinator::deliver(const pci::Address& port, const SlotEvent& event, Instant now) {
    const auto at = slots_.find(port);
    if (at != slots_.end()) {
        let_step(at->second, event, now);
    }
}

void Coordinator::deliver_to(const pci::Port& port, const SlotEvent& event, Instant now) {
    const auto place = static_cast<std::size_t>(&port - topology_.ports().data());
    const auto at = slots_.find(port.address, place);
    if (at != slots_.end()) {
        let_step(at->second, event, now);
    }
}

void Coordinator::let_step(Slot& slot, const SlotEvent& event, Instant now) {
    const Before before(slot);
    apply(slot, before, step(std::move(slot), event, now, settings_.limits), now);
}

void Coordinator::finish(const pci::Address& port, event::EffectId id,
                         const event::Outcome& outcome, Instant now) {
    Slot& slot = slots_.at(port);
    const Before before(slot);
    apply(slot, before, finish_effect(std::move(slot), id, outcome, now, settings_.limits), now);
}

void Coordinator::move_deadline(const pci::Address& port, Instant before, Instant now_at) {
    if (now_at == before) {
        return;
    }
    auto kept = deadlines_.extract({before, port});
    if (now_at == kNever) {
        return;
    }
    // It is often the latest of all: then the hint spares the search.
    if (kept) {
        kept.value().first = now_at;
        deadlines_.insert(deadlines_.end(), std::move(kept));
    } else {
        deadlines_.emplace_hint(deadlines_.end(), now_at, port);
    }
}

Coordinator::Before::Before(const Slot& slot)
    : deadline(deadline_of(slot.phase)),
      level(slot.facts.policy.level),
      phase(slot.phase.index()),
      sampled(wants_samples(slot)) {}

void Coordinator::apply(Slot& slot, const Before& before, Step step, Instant now) {
    slot = std::move(step.slot);
    const pci::Address port = slot.facts.port;
    if (wants_samples(slot) != before.sampled) {
        if (before.sampled) {
            sampled_.erase(port);
        } else {
            sampled_.emplace(port, ++rests_);
        }
    }
    if (slot.facts.policy.level != before.level) {
        level_changed(port);
    }
    if (slot.phase.index() != before.phase) {
        match_anew(port);
    }
    move_deadline(port, before.deadline, deadline_of(slot.phase));
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
    } else {
        slots_.at(port).in_flight->waits = true;
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
        const auto owner = serials_.find(static_cast<std::uint32_t>(next.start->id >> 32));
        if (owner != serials_.end() && slots_.at(owner->second).in_flight) {
            slots_.at(owner->second).in_flight->waits = false;
        }
        if (!overtaken) {
            outgoing_.push_back(*next.start);
            return;
        }
        refuse_effect(*next.start, *overtaken);
        id = next.start->id;
        how = event::OutcomeKind::Refused;
    }
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
                finish(owner->second, id, outcome, now);
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
