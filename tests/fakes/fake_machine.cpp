#include "tests/fakes/fake_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/assert.hpp"
#include "base/overloaded.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"

namespace slotd::fakes {

namespace {

using event::Outcome;
using event::OutcomeKind;

Outcome done() {
    return Outcome{};
}

Outcome ended(OutcomeKind kind, const std::string& context, int os_errno = 0) {
    return Outcome{kind, os_errno, context, std::nullopt};
}

/// pciehp_check_presence: what is enumerated is brought in line with what is there.
void pciehp_probes(FakePort& port) {
    if (!port.card) {
        port.enumerated.reset();
    } else if (!port.enumerated) {
        port.enumerated = port.card;
    }
}

}  // namespace

pci::Address first_function(const FakePort& port) {
    return pci::Address{port.address.domain, port.bus, 0, 0};
}

void FakeMachine::start(event::EffectId id, const action::Effect& effect) {
    calls.push_back("start: " + action::to_string(effect));
    started.emplace_back(id, effect);
}

Result<pci::Topology> FakeMachine::scan() {
    std::vector<pci::Port> found;
    for (const auto& [address, port] : ports) {
        pci::Port one;
        one.address = address;
        one.kind = port.parent ? pci::PortKind::SwitchDownstreamPort : pci::PortKind::RootPort;
        one.parent = port.parent;
        one.root_port = port.root_port;
        one.secondary_bus = port.bus;
        one.subordinate_bus = port.subordinate;
        one.slot_name = port.bound.contains(pci::Service::Pciehp) ? port.name : "";
        one.services = port.services;
        one.bound = port.bound;
        if (port.enumerated) {
            one.functions = {
                {first_function(port), port.enumerated->driver, port.enumerated->identity, false}};
        }
        found.push_back(std::move(one));
    }
    return pci::Topology(std::move(found));
}

std::optional<std::pair<event::EffectId, Outcome>> FakeMachine::finish_next() {
    if (started.empty()) {
        return std::nullopt;
    }
    const auto [id, effect] = started.front();
    started.pop_front();
    const std::string text = action::to_string(effect);
    if (failing.contains(text)) {
        return std::pair(id, ended(OutcomeKind::Failed, text, EIO));
    }
    if (forbidden.contains(text)) {
        return std::pair(id, ended(OutcomeKind::Refused, text, EPERM));
    }
    if (declined.contains(text)) {
        return std::pair(id, ended(OutcomeKind::Refused, text, 0));
    }
    Outcome outcome = perform(effect);
    if (!action::reads_only(effect)) {
        performed.push_back(text);
    }
    return std::pair(id, std::move(outcome));
}

void FakeMachine::append(const history::Entry& entry, std::optional<history::Ticket> ticket) {
    calls.emplace_back("append");
    remembered.push_back(entry);
    if (ticket) {
        unwritten.push_back(*ticket);
    }
}

event::Observation FakeMachine::observe(const pci::Address& address) const {
    const FakePort& port = ports.at(address);
    event::Observation seen;
    seen.port = address;
    seen.port_answers = true;
    seen.card_present = port.card.has_value();
    seen.link_active = port.card.has_value() && port.link_up;
    seen.fenced = port.fenced;
    seen.hotplug_masked = port.masked;
    seen.bound = port.bound;
    if (seen.link_active.value_or(false)) {
        seen.link_width = port.link_width;
        seen.link_speed = port.link_speed;
    }
    if (port.enumerated) {
        const bool reachable = port.card && port.link_up;
        const bool wiped = port.card && port.card->wiped;
        seen.functions.push_back({first_function(port),
                                  reachable ? port.card->identity : pci::Identity{},
                                  port.enumerated->driver, reachable && !wiped});
        seen.functions.back().bars_intact = !wiped;
        seen.functions.back().errors = port.errors;
    }
    return seen;
}

bool FakeMachine::told(action::RecordKind kind, const std::string& part) const {
    return std::ranges::any_of(records, [&](const action::Record& record) {
        return record.kind == kind && record.text.find(part) != std::string::npos;
    });
}

FakePort* FakeMachine::port_of(const action::Effect& effect) {
    const pci::Address subject = action::subject(effect);
    for (auto& [address, port] : ports) {
        if (address == subject || first_function(port) == subject) {
            return &port;
        }
    }
    return nullptr;
}

Outcome FakeMachine::perform(const action::Effect& effect) {
    FakePort* const port = port_of(effect);
    if (port == nullptr) {
        return ended(OutcomeKind::Gone, action::to_string(effect));
    }
    return std::visit(
        Overloaded{
            [&](const action::RaiseFence&) { return port->fenced = true, done(); },
            [&](const action::LowerFence&) { return port->fenced = false, done(); },
            [&](const action::MaskHotplug&) { return port->masked = true, done(); },
            [&](const action::UnmaskHotplug&) { return port->masked = false, done(); },
            [&](const action::UnbindService& one) {
                if (!port->bound.contains(one.service)) {
                    return ended(OutcomeKind::AlreadySo, "not bound");
                }
                port->bound.erase(one.service);
                return done();
            },
            [&](const action::BindService& one) {
                port->bound.insert(one.service);
                if (one.service == pci::Service::Pciehp) {
                    pciehp_probes(*port);
                }
                return done();
            },
            [&](const action::ResetFunction&) { return done(); },
            [&](const action::SetSlotPower& one) {
                if (!port->bound.contains(pci::Service::Pciehp)) {
                    return ended(OutcomeKind::Refused, "pciehp is not bound");
                }
                if (port->card) {
                    port->card->wiped = false;  // it is set up as it is enumerated
                }
                port->enumerated = one.on ? port->card : std::nullopt;
                return done();
            },
            [&](const action::RemoveFunction&) { return port->enumerated.reset(), done(); },
            [&](const action::RescanBelow&) { return port->enumerated = port->card, done(); },
            [&](const action::SurveyUse&) {
                Outcome outcome = done();
                outcome.usage = usage[port->address];
                outcome.usage->port = port->address;
                return outcome;
            },
            [](const OneOf<action::AskHooks, action::NoteVfs, action::RestoreVfs,
                           action::ResetByVfio, action::ResetByLentFds> auto&) { return done(); },
            [&](const action::ObserveSlot&) {
                Outcome outcome = done();
                outcome.observation = observe(port->address);
                return outcome;
            },
        },
        effect);
}

std::optional<std::pair<event::EffectId, Outcome>> FakeMachine::finish_sample() {
    if (!sampling) {
        return std::nullopt;
    }
    const auto [id, expected] = *std::exchange(sampling, std::nullopt);
    Outcome outcome = done();
    for (const event::PortSample& one : expected) {
        const event::Observation seen = observe(one.port);
        std::string registers = fmt::format("{} {}", seen.card_present.value_or(false),
                                            seen.link_active.value_or(false));
        for (const event::FunctionSeen& function : seen.functions) {
            registers += fmt::format(" {:x} {:x} {}", function.identity.device,
                                     function.identity.serial.value_or(0), function.memory_decodes);
        }
        const std::uint64_t digest = std::hash<std::string>{}(registers) | 1;
        if (digest != one.digest) {
            outcome.samples.push_back({one.port, digest});
        }
    }
    return std::pair{id, std::move(outcome)};
}

FakeMachine machine_with_one_slot() {
    FakeMachine machine;
    FakePort port;
    port.address = at("0000:00:02.0");
    port.root_port = port.address;
    port.bus = 1;
    port.subordinate = 1;
    port.name = "1";
    port.services = {pci::Service::Aer, pci::Service::Pciehp};
    port.bound = port.services;
    port.card = FakeCard{identity_of(0x10d3, 1)};
    port.enumerated = port.card;
    machine.ports[port.address] = port;
    return machine;
}

FakeMachine machine_with_nested_slots() {
    FakeMachine machine = machine_with_one_slot();
    FakePort outer = machine.ports.at(at("0000:00:02.0"));
    outer.address = at("0000:00:03.0");
    outer.root_port = outer.address;
    outer.bus = 2;
    outer.subordinate = 4;
    outer.name = "2";
    outer.card = FakeCard{identity_of(0x8232, 2), "pcieport"};
    outer.enumerated = outer.card;
    machine.ports[outer.address] = outer;
    FakePort inner = outer;
    inner.address = at("0000:03:00.0");
    inner.parent = outer.address;
    inner.bus = 4;
    inner.subordinate = 4;
    inner.name = "11";
    inner.services = {pci::Service::Pciehp};
    inner.bound = inner.services;
    inner.card = FakeCard{identity_of(0x10d3, 3)};
    inner.enumerated = inner.card;
    machine.ports[inner.address] = inner;
    return machine;
}

pci::Address at(const char* text) {
    const auto address = pci::Address::parse(text);
    SLOTD_ASSERT(address.has_value());
    return *address;
}

pci::Identity identity_of(std::uint16_t device, std::uint64_t serial) {
    return pci::Identity{0x8086, device, 0x8086, 0, 0x020000, 0, serial};
}

}  // namespace slotd::fakes
