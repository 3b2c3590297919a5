#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
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
        if (facts.name.empty()) {
            facts.name = at->second.facts.name;  // slots/<name> is absent while pciehp is unbound
        }
        if (facts != at->second.facts) {
            at->second.facts = std::move(facts);
            deliver(port.address, FactsChanged{}, now);
        }
    }
    return settle(now);
}

void Coordinator::add_slot(const pci::Port& port, Instant now) {
    serial_ += 1;
    Slot slot;
    slot.facts = facts_of(port);
    slot.effect_base = std::uint64_t{serial_} << 32;
    slot.incident_base =
        (std::uint64_t{settings_.session} << 32) | (std::uint64_t{serial_ & 0xffffU} << 16);
    serials_[serial_] = port.address;
    slots_[port.address] = slot;
    outgoing_.emplace_back(slots_changed(
        port.address, "watching at level " + std::string(to_text(slot.facts.level)) +
                          (slot.facts.hotplug ? ", hot-plug slot" : ", no hot-plug") +
                          (port.bound.empty() ? "" : ", services " + port.bound.to_string())));
    apply(port.address, begin(slot, now, settings_.limits), now);
}

void Coordinator::drop_slot(const pci::Address& port, Instant now) {
    Slot& slot = slots_.at(port);
    (void)now;
    const auto refuse = [&](const event::ResetRequested& request) {
        outgoing_.emplace_back(Answer{request.request, false, "failed", "the port is gone"});
    };
    const Operation* const operation = operation_of(slot.phase);
    if (operation != nullptr && operation->request) {
        refuse(*operation->request);
    }
    for (const event::ResetRequested& request : slot.waiting) {
        refuse(request);
    }
    if (slot.in_flight) {
        // Its answer will find no slot; the machine's turn must not stay with it.
        const MachineLock::Next next =
            machine_.finished(slot.in_flight->id, event::OutcomeKind::Gone);
        if (next.start) {
            outgoing_.emplace_back(*next.start);
        }
        for (const StartEffect& refused : next.refused) {
            refuse_effect(refused);
        }
    }
    turns_.release(port);
    deadlines_.erase({deadline_of(slot.phase), port});
    serials_.erase(static_cast<std::uint32_t>(slot.effect_base >> 32));
    slots_.erase(port);
    outgoing_.emplace_back(slots_changed(port, "the port is gone"));
}

SlotFacts Coordinator::facts_of(const pci::Port& port) const {
    SlotFacts facts;
    facts.port = port.address;
    facts.root_port = port.root_port;
    facts.name = port.slot_name;
    facts.level = settings_.level;
    facts.automatic_action = settings_.automatic_action;
    facts.hotplug = port.hotplug_capable();
    facts.functions = port.functions;
    for (const pci::Port* const below : topology_.subtree(port.address)) {
        if (below->hotplug_capable()) {
            facts.hotplug_services.push_back({below->address, pci::Service::Pciehp,
                                              below->bound.contains(pci::Service::Pciehp)});
        }
    }
    for (const pci::Port* const in_domain : topology_.subtree(port.root_port)) {
        for (const pci::Service service : {pci::Service::Aer, pci::Service::Dpc}) {
            if (in_domain->services.contains(service)) {
                facts.error_services.push_back(
                    {in_domain->address, service, in_domain->bound.contains(service)});
            }
        }
    }
    return facts;
}

std::vector<SlotStatus> Coordinator::statuses() const {
    std::vector<SlotStatus> all;
    all.reserve(slots_.size());
    for (const auto& [port, slot] : slots_) {
        SlotStatus status;
        status.port = port;
        status.root_port = slot.facts.root_port;
        status.slot = slot.facts.name;
        status.phase = name_of(slot.phase);
        status.reason = reason_of(slot.phase);
        status.level = slot.facts.level;
        status.incident = slot.incident ? slot.incident->id : 0;
        status.occupied = slot.known.occupied;
        status.functions = slot.facts.functions;
        for (pci::Function& function : status.functions) {
            // sysfs does not know serial numbers; the last look did.
            for (const event::FunctionSeen& seen : slot.known.functions) {
                if (seen.address == function.address &&
                    seen.identity.same_card(function.identity)) {
                    function.identity = seen.identity;
                }
            }
        }
        for (const Gate& gate : slot.closed.gates()) {
            status.gates.push_back(gate.to_string());
        }
        all.push_back(std::move(status));
    }
    return all;
}

std::vector<std::string> Coordinator::preview(const event::ResetRequested& request) const {
    const auto at = slots_.find(request.port);
    return at == slots_.end() ? std::vector<std::string>{"the port is gone"}
                              : describe(at->second, request);
}

}  // namespace slotd::coordinator
