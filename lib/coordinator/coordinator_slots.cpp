#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/ledger.hpp"
#include "coordinator/machine_lock.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/slot_status.hpp"
#include "coordinator/step.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"

namespace slotd::coordinator {

namespace {

Tell slots_changed(const pci::Address& port, const std::string& text) {
    action::Record record;
    record.priority = action::Priority::Info;
    record.kind = action::RecordKind::SlotsChanged;
    record.port = port;
    record.text = text;
    return Tell{std::move(record)};
}

/// slots/<name> is absent while pciehp is unbound; what else rules are matched by is looked at
/// when the slot is at rest.
void keep_what_comes_and_goes(SlotFacts& facts, const Slot& slot) {
    facts.policy = slot.facts.policy;
    if (facts.name.empty()) {
        facts.name = slot.facts.name;
    }
}

/// The gate is closed, and the slot's from now on: a closing under way that finds it closed already
/// has not found somebody else's.
void take_over(Slot& slot, const Gate& gate) {
    slot.closed.close(gate);
    if (slot.in_flight && closed_by(slot.in_flight->effect) == gate) {
        slot.in_flight->newly_closed = false;
    }
}

}  // namespace

std::vector<Action> Coordinator::topology_scanned(pci::Topology topology, Instant now) {
    topology_ = std::move(topology);
    std::vector<pci::Address> gone;
    for (const auto& [port, slot] : slots_) {
        if (topology_.find(port) == nullptr) {
            gone.push_back(port);
        }
    }
    for (const pci::Address& port : gone) {
        drop_slot(port, now);
    }
    for (const pci::Port& port : topology_.ports()) {
        const auto at = slots_.find(port.address);
        if (at == slots_.end()) {
            add_slot(port, now);
            continue;
        }
        SlotFacts facts = facts_of(port);
        keep_what_comes_and_goes(facts, at->second);
        const bool changed = facts != at->second.facts;
        // Where nothing changed too: what the topology before it shared with the slot goes with it.
        at->second.facts = std::move(facts);
        if (changed) {
            deliver(port.address, FactsChanged{}, now);
        }
        match_anew(port.address);
    }
    return settle(now);
}

void Coordinator::add_slot(const pci::Port& port, Instant now) {
    serial_ += 1;
    Slot slot;
    slot.facts = facts_of(port);
    slot.traits = {port.address, port.slot_name, port.functions};
    slot.facts.policy = settings_.policy.for_slot(slot.traits);
    slot.effect_base = std::uint64_t{serial_} << 32;
    slot.incident_base =
        (std::uint64_t{settings_.session} << 32) | (std::uint64_t{serial_ & 0xffffU} << 16);
    serials_[serial_] = port.address;
    Before before(slot);
    before.deadline = kNever;  // nobody waits for it yet
    Slot& kept = slots_.put(port.address, std::move(slot));
    level_changed(port.address);
    outgoing_.emplace_back(slots_changed(
        port.address, "watching at level " + std::string(to_text(kept.facts.policy.level)) +
                          (kept.facts.hotplug ? ", hot-plug slot" : ", no hot-plug") +
                          (port.bound.empty() ? "" : ", services " + port.bound.to_string())));
    apply(kept, before, begin(std::move(kept), now, settings_.limits), now);
    if (const auto recalled = ledger_.recalled(port.address, now)) {
        pending_.emplace_back(port.address, *recalled);
    }
}

void Coordinator::drop_slot(const pci::Address& port, Instant now) {
    Slot& slot = slots_.at(port);
    const auto answer = [&](const event::ResetRequested& request, bool begun) {
        outgoing_.emplace_back(
            Answer{request.request, false, begun ? "failed" : "refused", "the port is gone"});
    };
    const Operation* const operation = operation_of(slot.phase);
    if (operation != nullptr && operation->request) {
        answer(*operation->request, operation->reserved);
    }
    for (const event::ResetRequested& request : slot.waiting) {
        answer(request, false);
    }
    if (slot.in_flight && !machine_.withdraw(slot.in_flight->id)) {
        if (const auto gate = closed_by(slot.in_flight->effect)) {
            orphans_.insert_or_assign(slot.in_flight->id, *gate);
        }
    }
    hand_over_gates(slot);
    if (operation != nullptr && operation->reserved) {
        publish(ledger_.remember(
            {history::AttemptEnded{port, slot.incident ? slot.incident->id : 0, operation->attempt,
                                   false, true, "the port is gone"}},
            now));
    }
    const std::uint64_t ill = slot.incident ? slot.incident->id : slot.ill_incident;
    if (ill != 0) {
        // Another port at this address has other cards; of an attempt nobody knows.
        const bool well = operation == nullptr || !operation->reserved;
        publish(ledger_.remember(
            {history::IncidentClosed{ill, port, well, "the port is gone", false}}, now));
    }
    turns_.release(port);
    deadlines_.erase({deadline_of(slot.phase), port});
    serials_.erase(static_cast<std::uint32_t>(slot.effect_base >> 32));
    sampled_.erase(port);
    slots_.erase(port);
    links_.erase(port);
    outgoing_.emplace_back(slots_changed(port, "the port is gone"));
}

void Coordinator::adopt_orphan(event::EffectId id, const event::Outcome& outcome) {
    const auto orphan = orphans_.find(id);
    if (orphan == orphans_.end()) {
        return;
    }
    const Gate gate = orphan->second;
    const auto at = slots_.find(gate.port);
    if (outcome.succeeded() && at != slots_.end()) {
        take_over(at->second, gate);
        pending_.emplace_back(gate.port, FactsChanged{});
    }
    if (outcome.kind != event::OutcomeKind::TimedOut) {
        orphans_.erase(orphan);
    }
}

void Coordinator::note_link(const pci::Address& port, const event::Outcome& outcome) {
    if (outcome.observation) {
        links_.insert_or_assign(port, outcome.observation->link());
    }
}

bool Coordinator::held(const pci::Address& port) const {
    const auto slot = slots_.find(port);
    return slot != slots_.end() && slot->second.hold;
}

void Coordinator::give_to_its_slot(const pci::Address& port, const action::Effect& done) {
    const auto gate = closed_by(done);
    if (!gate || gate->service != pci::Service::Pciehp || gate->port == port) {
        return;
    }
    Slot& slot = slots_.at(port);
    const auto owner = slots_.find(gate->port);
    if (owner != slots_.end() && slot.closed.contains(*gate)) {
        slot.closed.open(*gate);
        take_over(owner->second, *gate);
        pending_.emplace_back(gate->port, FactsChanged{});  // it may belong open there
    }
}

void Coordinator::hand_over_gates(const Slot& gone) {
    for (const Gate& gate : gone.closed.gates()) {
        const auto at = slots_.find(gate.port);
        if (at != slots_.end() && gate.port != gone.facts.port) {
            take_over(at->second, gate);
            pending_.emplace_back(gate.port, FactsChanged{});
        }
    }
}

SlotFacts Coordinator::facts_of(const pci::Port& port) const {
    SlotFacts facts;
    facts.port = port.address;
    facts.root_port = port.root_port;
    facts.name = port.slot_name;
    facts.hotplug = port.hotplug_capable();
    facts.functions = port.functions;
    for (const pci::Port* const below : topology_.subtree(port.address)) {
        const bool counts = below->address == port.address || may_share_token(below->address);
        if (below->hotplug_capable() && counts) {
            facts.hotplug_services.push_back({below->address, pci::Service::Pciehp,
                                              below->bound.contains(pci::Service::Pciehp)});
        }
    }
    for (const pci::Port* const in_domain : topology_.subtree(port.root_port)) {
        const bool mine = std::ranges::find(facts.hotplug_services, in_domain->address,
                                            &ServiceAt::port) != facts.hotplug_services.end();
        if (in_domain->hotplug_capable() && !mine && may_share_token(in_domain->address) &&
            !held(in_domain->address)) {
            facts.others_hotplug.push_back({in_domain->address, pci::Service::Pciehp,
                                            in_domain->bound.contains(pci::Service::Pciehp)});
        }
        for (const pci::Service service : {pci::Service::Aer, pci::Service::Dpc}) {
            if (in_domain->services.contains(service)) {
                facts.error_services.push_back(
                    {in_domain->address, service, in_domain->bound.contains(service)});
            }
        }
    }
    return facts;
}

std::vector<SlotStatus> Coordinator::statuses(Instant now) const {
    std::vector<SlotStatus> all;
    all.reserve(slots_.size());
    for (const auto& [port, slot] : slots_) {
        SlotStatus status;
        status.port = port;
        status.root_port = slot.facts.root_port;
        status.slot = slot.facts.name;
        status.phase = name_of(slot.phase);
        status.reason = reason_of(slot.phase);
        status.level = slot.facts.policy.level;
        status.automatic_action = slot.facts.policy.automatic_action;
        status.budget_left =
            ledger_.budget().left(port, slot.facts.root_port, now, settings_.limits);
        status.quarantine = slot.quarantine ? *slot.quarantine : "";
        if (slot.hold) {
            status.held_by = slot.hold->by;
            status.held_for =
                slot.hold->until == kNever ? std::nullopt : std::optional(slot.hold->until - now);
        }
        status.incident = slot.incident ? slot.incident->id : 0;
        status.occupied = slot.known.occupied;
        status.functions.assign(slot.facts.functions.begin(), slot.facts.functions.end());
        for (pci::Function& function : status.functions) {
            // sysfs does not know serial numbers; the last look did.
            for (const event::FunctionSeen& seen : slot.known.functions) {
                if (seen.address == function.address &&
                    seen.identity.same_card(function.identity)) {
                    function.identity = seen.identity;
                }
            }
        }
        if (const pci::Port* const shown = topology_.find(port)) {
            status.path = shown->path;
        }
        if (const auto link = links_.find(port); link != links_.end()) {
            status.link = link->second;
        }
        for (const Gate& gate : slot.closed.gates()) {
            status.gates.push_back(gate.to_string());
        }
        all.push_back(std::move(status));
    }
    return all;
}

InUse Coordinator::preview_use(const event::ResetRequested& request,
                               const event::Usage& usage) const {
    const auto at = slots_.find(request.port);
    if (at == slots_.end()) {
        return {"the port is gone", {}, {}};
    }
    const std::optional<Operation> operation = requested_operation(at->second, request);
    return operation ? judge_use(at->second, *operation, usage) : InUse{};
}

std::vector<std::string> Coordinator::preview(const event::ResetRequested& request) const {
    const auto at = slots_.find(request.port);
    return at == slots_.end() ? std::vector<std::string>{"the port is gone"}
                              : describe(at->second, request);
}

}  // namespace slotd::coordinator
