#include "tests/proof/witness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/step.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "tests/proof/invariants.hpp"
#include "tests/proof/violation.hpp"

namespace slotd::proof {

using coordinator::Coordinator;
using coordinator::Operation;
using coordinator::Purpose;
using coordinator::Slot;

namespace {

void append(Violations& all, Violations more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

/// Its operation has not ended, or only just.
bool still_settles(const Slot& slot) {
    return coordinator::operation_of(slot.phase) != nullptr ||
           std::holds_alternative<coordinator::CoolingDown>(slot.phase);
}

bool enumerates(const action::Effect& effect) {
    return std::holds_alternative<action::SetSlotPower>(effect) ||
           std::holds_alternative<action::RemoveFunction>(effect) ||
           std::holds_alternative<action::RescanBelow>(effect) ||
           std::holds_alternative<action::BindService>(effect);
}

bool operation_below(const pci::Address& root_port, const Coordinator& slotd) {
    return std::ranges::any_of(slotd.slots(), [&](const auto& slot) {
        return slot.second.facts.root_port == root_port && in_operation(slot.second);
    });
}

/// Every slot of the domain; whether that is what is configured, is asked at rest.
bool exclusive(const pci::Address& root_port, const Coordinator& slotd) {
    return std::ranges::all_of(slotd.slots(), [&](const auto& slot) {
        return slot.second.facts.root_port != root_port ||
               slot.second.facts.policy.level == policy::Level::Exclusive;
    });
}

/// slotd knows that the gate is closed, and will see to it at a time that it has named.
bool being_put_right(const coordinator::Gate& gate, const Coordinator& slotd) {
    return std::ranges::any_of(slotd.slots(), [&](const auto& slot) {
        const bool acts_soon =
            slot.second.in_flight || coordinator::deadline_of(slot.second.phase) != kNever;
        return slot.second.closed.contains(gate) && acts_soon;
    });
}

const Slot* slot_that_started(event::EffectId id, const Coordinator& slotd) {
    for (const auto& [port, slot] : slotd.slots()) {
        if (slot.in_flight && slot.in_flight->id == id) {
            return &slot;
        }
    }
    return nullptr;
}

}  // namespace

void Witness::kernel_said(const event::KernelEvent& event, const pci::Topology& known,
                          Instant now) {
    told_.kernel_said(event, known, now, [&](const pci::Address& port) {
        return std::ranges::any_of(memories_, [&](const auto& one) {
            return one.second.enumerates && known.reset_domains_overlap(one.first, port);
        });
    });
    const auto news = [&](const pci::Address& function) {
        // Whatever the kernel reports of a slot is a reason of its own to act on it.
        if (const pci::Port* const above = known.port_above(function)) {
            memories_[above->address].unknown.reset();
        }
        if (known.find(function) != nullptr) {
            memories_[function].unknown.reset();
        }
    };
    std::visit(
        Overloaded{
            [&](const OneOf<event::RecoveryReported, event::ErrorReported, event::HotplugSeen,
                            event::DeviceWedged> auto& said) { news(said.function); },
            [&](const event::HotplugAnnounced& said) { news(said.port); },
            [](const OneOf<event::ServicesChanged, event::EventsMissed> auto&) {},
        },
        event);
}

void Witness::drained(const auto& service, const pci::Topology& known) {
    if (service.service == pci::Service::Pciehp) {
        told_.drained_hotplug(service.port);
    } else if (const pci::Port* const port = known.find(service.port)) {
        told_.drained_errors(port->root_port, known);
    }
}

void Witness::effect_ended(event::EffectId id, const event::Outcome& outcome,
                           const pci::Topology& known) {
    const auto at = started_.find(id);
    if (at == started_.end()) {
        return;
    }
    const Started& ended = at->second;
    SlotMemory& memory = memories_[ended.slot];
    // Binding a service again does no harm, whatever became of the first time.
    if (ended.acts && outcome.ambiguous() && !coordinator::opened_by(ended.effect)) {
        memory.unknown = ended;
    }
    if (const auto gate = coordinator::opened_by(ended.effect)) {
        const bool vanished =
            outcome.kind == event::OutcomeKind::Gone && known.find(gate->port) == nullptr;
        if (outcome.succeeded() || vanished) {
            stuck_gates_.erase(*gate);
        } else {
            stuck_gates_.insert(*gate);
        }
    }
    const auto* const unbound = std::get_if<action::UnbindService>(&ended.effect);
    if (unbound != nullptr && outcome.succeeded()) {
        drained(*unbound, known);
    }
    const auto* const bound = std::get_if<action::BindService>(&ended.effect);
    if (bound != nullptr && !outcome.succeeded() && !outcome.ambiguous()) {
        drained(*bound, known);  // it has not come back
    }
    if (unbound != nullptr && outcome.kind != event::OutcomeKind::Gone) {
        const coordinator::Gate gate{coordinator::GateKind::Service, unbound->port,
                                     unbound->service};
        if (outcome.succeeded()) {
            refused_.erase(gate);
        } else {
            refused_.insert(gate);
        }
    }
    if (outcome.kind != event::OutcomeKind::TimedOut) {
        started_.erase(at);
    }
}

void Witness::configured(const policy::Limits& limits, bool acts, const Coordinator* slotd) {
    limits_ = limits;
    acts_ = acts;
    if (slotd == nullptr) {
        return;
    }
    for (const auto& [port, slot] : slotd->slots()) {
        const Operation* const operation = coordinator::operation_of(slot.phase);
        const bool granted = operation != nullptr && in_operation(slot) &&
                             !std::holds_alternative<coordinator::Surveying>(slot.phase);
        memories_[port].granted = granted ? operation->attempt : 0;
    }
}

void Witness::reserved(const pci::Address& port, std::uint32_t attempt) {
    memories_[port].reserved = attempt;
}

void Witness::gates_opened() {
    told_.all_comes_back();
    started_.clear();
    stuck_gates_.clear();
    refused_.clear();
    tokens_.clear();
}

void Witness::gate_moved_unasked(const coordinator::Gate& gate, bool open) {
    tokens_.clear();
    if (open) {
        stuck_gates_.erase(gate);
    } else {
        stuck_gates_.insert(gate);
    }
}

void Witness::slotd_restarted() {
    told_.forget();
    for (auto& [port, memory] : memories_) {
        memory.attempt = 0;
        memory.reserved = 0;
        memory.enumerates = false;
        memory.unknown.reset();
    }
}

Violations Witness::acted(const coordinator::Action& action, const Coordinator& slotd,
                          const Truth& truth) {
    if (const auto* const wanted = std::get_if<coordinator::StartEffect>(&action)) {
        return started(*wanted, slotd, truth);
    }
    const auto* const answer = std::get_if<coordinator::Answer>(&action);
    if (answer == nullptr || !answer->succeeded) {
        return {};
    }
    for (const auto& [port, memory] : memories_) {
        if (memory.unknown && memory.unknown->request == answer->request) {
            return {{8, fmt::format("request {} is answered with success, but nobody knows what "
                                    "became of: {}",
                                    answer->request, action::to_string(memory.unknown->effect))}};
        }
    }
    return {};
}

Violations Witness::started(const coordinator::StartEffect& wanted, const Coordinator& slotd,
                            const Truth& truth) {
    const Slot* const slot = slot_that_started(wanted.id, slotd);
    if (slot == nullptr) {
        return {};
    }
    Started step{slot->facts.port, wanted.effect, acts(wanted.effect, *slot), std::nullopt, 0};
    const Operation* const operation = coordinator::operation_of(slot->phase);
    if (operation != nullptr) {
        step.purpose = operation->purpose;
        step.request = operation->request ? operation->request->request : 0;
    }
    Violations found;
    if (step.acts && enumerates(step.effect)) {
        memories_[step.slot].enumerates = true;
    }
    if (step.acts && operation == nullptr) {
        found.push_back({1, fmt::format("{} acts without an operation: {}", step.slot.to_string(),
                                        action::to_string(step.effect))});
    }
    if (step.acts && operation != nullptr && memories_[step.slot].attempt != operation->attempt) {
        append(found, step_begins(step, *operation, slotd, truth));
        memories_[step.slot].attempt = operation->attempt;
    }
    if (const auto* const bind = std::get_if<action::BindService>(&step.effect)) {
        if (bind->service == pci::Service::Pciehp) {
            told_.hotplug_comes_back(bind->port);
        } else {
            told_.errors_come_back(slot->facts.root_port);
        }
    }
    if (!action::reads_only(step.effect)) {
        started_[wanted.id] = std::move(step);
    }
    return found;
}

Violations Witness::step_begins(const Started& step, const Operation& operation,
                                const Coordinator& slotd, const Truth& truth) {
    Violations found;
    const std::string what =
        fmt::format("{} starts to {}", step.slot.to_string(), action::to_string(step.effect));
    for (const auto& [port, slot] : slotd.slots()) {
        if (!truth.overlap(step.slot, port)) {
            continue;
        }
        if (told_.recovering(port, truth.now, limits_)) {
            found.push_back(
                {2, fmt::format("{} while the kernel recovers {}", what, port.to_string())});
        }
        if (told_.hotplugging(port, truth.now, limits_)) {
            found.push_back(
                {2, fmt::format("{} while the kernel hot-plugs {}", what, port.to_string())});
        }
    }
    SlotMemory& memory = memories_[step.slot];
    if (operation.purpose == Purpose::Recover) {
        memory.automatic.push_back(truth.now);
        const auto spent = std::ranges::count_if(
            memory.automatic, [&](Instant at) { return truth.now - at < limits_.budget_window; });
        if (!acts_) {
            found.push_back({7, what + " of its own accord, which is switched off"});
        }
        if (memory.reserved != operation.attempt) {
            found.push_back({7, what + " without a reservation"});
        }
        if (spent > limits_.budget && memory.granted != operation.attempt) {
            found.push_back({7, fmt::format("{} as automatic attempt {} of {} within the window",
                                            what, spent, limits_.budget)});
        }
    }
    // A replay is decided by what is in the slot now, whatever became of the last one.
    if (memory.unknown && operation.purpose != Purpose::Replay &&
        memory.unknown->purpose == step.purpose && memory.unknown->request == step.request) {
        found.push_back({8, fmt::format("{} though nobody knows what became of: {}", what,
                                        action::to_string(memory.unknown->effect))});
    }
    memory.unknown.reset();
    return found;
}

Violations Witness::seen(const Truth& truth, const Coordinator& slotd) {
    for (auto& [port, memory] : memories_) {
        if (!slotd.slots().contains(port)) {
            memory.attempt = 0;  // a port that comes again is a new slot, which counts from one
            memory.reserved = 0;
            memory.enumerates = false;
            told_.forget(port);
            continue;
        }
        const Slot& slot = slotd.slots().at(port);
        if (std::holds_alternative<coordinator::Idle>(slot.phase) && !slot.incident) {
            memory.unknown.reset();  // found well since: what comes next has a cause of its own
        }
        if (memory.enumerates) {
            memory.enumerates = still_settles(slot);
        }
    }
    Violations found = overlapping_operations(truth, slotd);
    append(found, both_sides_bound(truth, slotd));
    append(found, machine_wide_twice(truth));
    append(found, gates_not_recorded(truth));
    append(found, closed_at_rest(truth, slotd));
    return found;
}

Violations Witness::both_sides_bound(const Truth& truth, const Coordinator& slotd) {
    const bool somewhere = std::ranges::any_of(slotd.slots(), [](const auto& slot) {
        return slot.second.facts.policy.level == policy::Level::Exclusive;
    });
    if (!somewhere) {
        tokens_.clear();
        return {};
    }
    for (const auto& [port, slot] : slotd.slots()) {
        bool& in_hands = memories_[port].in_operators_hands;
        const PortTruth* const there = truth.find(port);
        const bool taken_back = there != nullptr && !there->bound.contains(pci::Service::Pciehp);
        in_hands = slot.hold || (in_hands && !(taken_back && quiet(port, slotd)));
        // Where another level is in force, or was until just now, nobody promises it.
        if (in_hands || slot.facts.policy.level != policy::Level::Exclusive) {
            tokens_.erase(slot.facts.root_port);
        }
    }
    std::set<pci::Address> ports_now;
    std::set<pci::Address> error_sides;
    std::map<pci::Address, pci::Address> hotplug_sides;  ///< by Root Port: a port with pciehp
    for (const PortTruth& port : truth.ports) {
        ports_now.insert(port.port);
        if (!ports_seen_.contains(port.port)) {
            unheard_.insert(port.port);  // came with its services bound, slotd has yet to hear
        }
        const pci::Port* const heard = slotd.topology().find(port.port);
        if (unheard_.contains(port.port) && heard != nullptr && heard->bound == port.bound &&
            !operation_below(port.root_port, slotd)) {
            unheard_.erase(port.port);
            tokens_.erase(port.root_port);
        }
        const auto counts = [&](pci::Service service) {
            return port.bound.contains(service) && !unheard_.contains(port.port) &&
                   !refused_.contains({coordinator::GateKind::Service, port.port, service});
        };
        if (counts(pci::Service::Aer) || counts(pci::Service::Dpc)) {
            error_sides.insert(port.root_port);
        }
        if (counts(pci::Service::Pciehp)) {
            hotplug_sides.insert_or_assign(port.root_port, port.port);
        }
    }
    std::erase_if(unheard_, [&](const pci::Address& port) { return !ports_now.contains(port); });
    ports_seen_ = std::move(ports_now);
    Violations found;
    for (const PortTruth& port : truth.ports) {
        if (port.port != port.root_port || !exclusive(port.root_port, slotd)) {
            continue;
        }
        const bool both = error_sides.contains(port.port) && hotplug_sides.contains(port.port);
        if (!both) {
            tokens_.insert(port.port);
        } else if (tokens_.contains(port.port)) {
            found.push_back(
                {3, fmt::format("aer or dpc and pciehp (of {}) are both bound below {}",
                                hotplug_sides.at(port.port).to_string(), port.port.to_string())});
        }
    }
    return found;
}

bool Witness::quiet(const pci::Address& slot, const Coordinator& slotd) const {
    const coordinator::SlotPhase& phase = slotd.slots().at(slot).phase;
    const bool rests = std::holds_alternative<coordinator::Idle>(phase) ||
                       std::holds_alternative<coordinator::Quarantined>(phase) ||
                       std::holds_alternative<coordinator::Held>(phase) ||
                       std::holds_alternative<coordinator::NeedsOperator>(phase) ||
                       std::holds_alternative<coordinator::CoolingDown>(phase);
    return rests &&
           std::ranges::none_of(started_, [&](const auto& one) { return one.second.slot == slot; });
}

Violations Witness::closed_at_rest(const Truth& truth, const Coordinator& slotd) const {
    std::set<pci::Address> busy_domains;
    for (const auto& [port, slot] : slotd.slots()) {
        if (!quiet(port, slotd)) {
            busy_domains.insert(slot.facts.root_port);
        }
    }
    Violations found;
    const auto expect_open = [&](const coordinator::Gate& gate) {
        if (!stuck_gates_.contains(gate) && !being_put_right(gate, slotd)) {
            found.push_back({5, gate.to_string() + " stays closed though the slot is at rest"});
        }
    };
    for (const PortTruth& port : truth.ports) {
        if (!slotd.slots().contains(port.port) || !quiet(port.port, slotd)) {
            continue;
        }
        if (port.fenced) {
            expect_open({.kind = coordinator::GateKind::Fence, .port = port.port});
        }
        if (port.masked) {
            expect_open({.kind = coordinator::GateKind::HotplugMask, .port = port.port});
        }
        for (const pci::Service service :
             {pci::Service::Aer, pci::Service::Dpc, pci::Service::Pciehp}) {
            const bool rests_closed =
                slotd.slots().at(port.port).facts.policy.level == policy::Level::Exclusive &&
                service == pci::Service::Pciehp;
            if (port.services.contains(service) && !port.bound.contains(service) && !rests_closed &&
                !busy_domains.contains(port.root_port)) {
                expect_open({coordinator::GateKind::Service, port.port, service});
            }
        }
    }
    return found;
}

Violations Witness::at_the_end(const Truth& truth, const Coordinator& slotd) const {
    Violations found = restless(slotd);
    append(found, lost_hotplugs(truth, slotd));
    return found;
}

}  // namespace slotd::proof
