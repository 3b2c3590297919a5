#include "tests/sim/hardware.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "event/observation.hpp"
#include "event/usage.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"

namespace slotd::sim {

SimPort* Machine::find(const pci::Address& address) {
    const auto at = ports.find(address);
    return at == ports.end() ? nullptr : &at->second;
}

const SimPort* Machine::find(const pci::Address& address) const {
    const auto at = ports.find(address);
    return at == ports.end() ? nullptr : &at->second;
}

bool Machine::exists(const SimPort& port) const {
    if (!port.parent) {
        return true;
    }
    const SimPort* const above = find(*port.parent);
    return exists(*above) && above->enumerated && above->enumerated->card == port.switch_card;
}

bool Machine::answers(const SimPort& port) const {
    if (!port.parent) {
        return true;
    }
    const SimPort* const above = find(*port.parent);
    return card_answers(*above) && above->card->uid == port.switch_card;
}

bool Machine::card_answers(const SimPort& port) const {
    return answers(port) && port.card && port.link_up && !port.card->dead;
}

SimPort* Machine::port_of(const pci::Address& function) {
    for (auto& [address, port] : ports) {
        if (port.enumerated && exists(port) &&
            std::ranges::find(port.enumerated->functions, function, &pci::Function::address) !=
                port.enumerated->functions.end()) {
            return &port;
        }
    }
    // A Downstream Port is a function of the switch in the slot above it.
    SimPort* const port = find(function);
    return port != nullptr && port->parent && exists(*port) ? find(*port->parent) : nullptr;
}

std::vector<SimPort*> Machine::subtree(SimPort& port) {
    std::vector<SimPort*> below{&port};
    for (auto& [address, other] : ports) {
        if (is_above(port.address, address) && exists(other)) {
            below.push_back(&other);
        }
    }
    std::ranges::stable_sort(below, {}, &SimPort::secondary);
    return below;
}

bool Machine::is_above(const pci::Address& upper, const pci::Address& lower) const {
    for (const SimPort* port = find(lower); port != nullptr && port->parent;
         port = find(*port->parent)) {
        if (*port->parent == upper) {
            return true;
        }
    }
    return false;
}

bool Machine::overlap(const pci::Address& one, const pci::Address& other) const {
    return one == other || is_above(one, other) || is_above(other, one);
}

pci::Topology Machine::topology() const {
    std::vector<pci::Port> found;
    for (const auto& [address, port] : ports) {
        if (!exists(port)) {
            continue;
        }
        pci::Port one;
        one.address = address;
        one.kind = port.parent ? pci::PortKind::SwitchDownstreamPort : pci::PortKind::RootPort;
        one.parent = port.parent;
        one.root_port = port.root_port;
        one.secondary_bus = port.secondary;
        one.subordinate_bus = port.subordinate;
        one.slot_name = port.bound.contains(pci::Service::Pciehp) ? port.name : "";
        one.services = port.services;
        one.bound = port.bound;
        if (port.enumerated) {
            one.functions = port.enumerated->functions;
        }
        found.push_back(std::move(one));
    }
    return pci::Topology(std::move(found));
}

event::Observation Machine::observe(const SimPort& port, Instant now) const {
    event::Observation seen;
    seen.port = port.address;
    seen.port_answers = answers(port) && now >= port.all_ones_until;
    if (!seen.port_answers) {
        if (port.enumerated) {
            for (const pci::Function& function : port.enumerated->functions) {
                event::FunctionSeen one;
                one.address = function.address;
                one.driver = function.driver;
                seen.functions.push_back(std::move(one));
            }
        }
        return seen;
    }
    if (port.hotplug()) {
        seen.card_present = port.card.has_value();
        seen.slot_number = 1;
    }
    seen.link_active = port.card && port.link_up;
    seen.link_width = port.card ? 4 : 0;
    seen.link_speed = port.card ? 3 : 0;
    seen.link_change_latched = port.change_latched;
    seen.fenced = port.fenced;
    seen.hotplug_masked = port.masked;
    seen.bound = port.bound;
    if (!port.enumerated) {
        return seen;
    }
    for (const pci::Function& function : port.enumerated->functions) {
        event::FunctionSeen one;
        one.address = function.address;
        one.driver = function.driver;
        if (card_answers(port)) {
            for (const CardFunction& real : port.card->functions) {
                if (address_of(port, real) == function.address) {
                    one.identity = real.identity;
                    one.memory_decodes = !port.card->wiped;
                    one.command = port.card->wiped ? 0 : 0x0406;
                    one.bars_intact = !port.card->wiped;
                }
            }
        }
        seen.functions.push_back(std::move(one));
    }
    return seen;
}

event::Usage Machine::usage(const SimPort& port) const {
    event::Usage usage;
    usage.port = port.address;
    for (const auto& [address, below] : ports) {
        if (!exists(below) || !below.enumerated ||
            (address != port.address && !is_above(port.address, address))) {
            continue;
        }
        for (const pci::Function& function : below.enumerated->functions) {
            event::FunctionUse use;
            use.address = function.address;
            use.driver = function.driver;
            if (below.card && below.card->used) {
                use.blocks.push_back({"vda", 0, {}, {{"vda1", "/srv"}}, {}});
            }
            usage.functions.push_back(std::move(use));
        }
    }
    return usage;
}

void Machine::forget_serials() {
    for (auto& [address, port] : ports) {
        if (!port.enumerated || !port.card) {
            continue;
        }
        const auto& known = port.enumerated->functions;
        const bool same_model = std::ranges::all_of(port.card->functions, [&](const auto& real) {
            const auto at =
                std::ranges::find(known, address_of(port, real), &pci::Function::address);
            return at != known.end() && at->identity.same_model(real.identity);
        });
        if (same_model && known.size() == port.card->functions.size()) {
            port.enumerated->card = port.card->uid;
        }
    }
}

bool Machine::enumeration_fits(const SimPort& port) const {
    if (!card_answers(port)) {
        return !port.enumerated;
    }
    if (!port.enumerated) {
        return false;
    }
    if (port.enumerated->card == port.card->uid) {
        return port.enumerated->functions.size() == port.card->functions.size();
    }
    // Nobody can tell two cards of one model without serial number apart by what is enumerated.
    return std::ranges::all_of(port.enumerated->functions, [&](const pci::Function& known) {
        return std::ranges::any_of(port.card->functions, [&](const CardFunction& real) {
            return known.address == address_of(port, real) && !real.identity.serial &&
                   known.identity.same_card(real.identity);
        });
    });
}

pci::Address address_of(const SimPort& port, const CardFunction& function) {
    return pci::Address{port.address.domain, port.secondary, function.device, function.function};
}

pci::Function enumerate(const SimPort& port, const Card& card, const CardFunction& function) {
    pci::Function made;
    made.address = address_of(port, function);
    made.driver = function.driver;
    made.identity = function.identity;
    made.identity.serial.reset();  // sysfs does not know it
    made.is_bridge = !card.ports.empty();
    return made;
}

}  // namespace slotd::sim
