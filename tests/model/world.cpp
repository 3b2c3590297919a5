#include "tests/model/world.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "coordinator/gate.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "tests/proof/truth.hpp"

namespace slotd::model {

using event::Outcome;
using event::OutcomeKind;

namespace {

constexpr std::uint16_t kModelA = 0x10d3;
constexpr std::uint16_t kModelB = 0x1533;
constexpr std::uint16_t kModelSwitch = 0x8232;

/// What did not fit into the socket's buffer is lost, and with it what comes after.
constexpr std::size_t kUeventsMax = 4;

pci::Identity identity_of(const World& world, Card card) {
    std::uint16_t model = kModelA;
    if (card == kSwitch) {
        model = kModelSwitch;
    } else if (card == kCardB && !world.same_model) {
        model = kModelB;
    }
    return pci::Identity{0x8086, model, 0x8086, 0, 0x020000, 0, card};
}

}  // namespace

std::optional<std::size_t> World::find(const pci::Address& port) const {
    const auto at = std::ranges::find(ports, port, &Port::address);
    return at == ports.end() ? std::nullopt : std::optional<std::size_t>(at - ports.begin());
}

bool World::exists(std::size_t port) const {
    const auto parent = ports[port].parent;
    return !parent || (ports[*parent].enumerated == kSwitch && exists(*parent));
}

std::size_t World::root_of(std::size_t port) const {
    while (ports[port].parent) {
        port = *ports[port].parent;
    }
    return port;
}

bool World::reachable(std::size_t port) const {
    const Port& one = ports[port];
    const bool here = one.card != kNoCard && one.link_up && one.powered && one.answers;
    return here && (!one.parent || reachable(*one.parent));
}

pci::Address World::function_of(std::size_t port) const {
    return pci::Address{0, ports[port].bus, 0, 0};
}

pci::Topology World::topology() const {
    std::vector<pci::Port> found;
    for (std::size_t index = 0; index < ports.size(); ++index) {
        if (!exists(index)) {
            continue;
        }
        const Port& port = ports[index];
        pci::Port one;
        one.address = port.address;
        one.kind = port.parent ? pci::PortKind::SwitchDownstreamPort : pci::PortKind::RootPort;
        if (port.parent) {
            one.parent = ports[*port.parent].address;
        }
        one.root_port = ports[root_of(index)].address;
        one.secondary_bus = port.bus;
        one.subordinate_bus = port.subordinate;
        one.services = port.services;
        one.bound = port.bound;
        if (port.enumerated != kNoCard) {
            pci::Identity identity = identity_of(*this, port.enumerated);
            identity.serial.reset();  // sysfs does not know it
            const bool is_switch = port.enumerated == kSwitch;
            one.functions = {
                {function_of(index), is_switch ? "pcieport" : "nic", identity, is_switch}};
        }
        found.push_back(std::move(one));
    }
    return pci::Topology(std::move(found));
}

event::Observation World::observe(std::size_t port) const {
    const Port& one = ports[port];
    event::Observation seen;
    seen.port = one.address;
    seen.port_answers = !one.parent || reachable(*one.parent);
    if (!seen.port_answers) {
        return seen;
    }
    seen.card_present = one.card != kNoCard;
    seen.link_active = one.card != kNoCard && one.link_up && one.powered;
    seen.presence_latched = one.latched;
    seen.fenced = one.fenced;
    seen.hotplug_masked = one.masked;
    seen.bound = one.bound;
    if (one.enumerated != kNoCard) {
        const bool answers = reachable(port);
        seen.functions.push_back({function_of(port),
                                  answers ? identity_of(*this, one.card) : pci::Identity{},
                                  one.enumerated == kSwitch ? "pcieport" : "nic",
                                  answers && one.card == one.enumerated});
    }
    return seen;
}

proof::Truth World::truth(Instant now) const {
    proof::Truth truth;
    truth.now = now;
    for (std::size_t index = 0; index < ports.size(); ++index) {
        if (!exists(index)) {
            continue;
        }
        const Port& port = ports[index];
        proof::PortTruth one;
        one.port = port.address;
        if (port.parent) {
            one.parent = ports[*port.parent].address;
        }
        one.root_port = ports[root_of(index)].address;
        one.services = port.services;
        one.bound = port.bound;
        one.fenced = port.fenced;
        one.masked = port.masked;
        one.card = port.card;
        one.enumerated = port.enumerated;
        truth.ports.push_back(std::move(one));
    }
    for (const Job& job : jobs) {
        truth.running.push_back({job.id, job.effect, job.stage == Stage::Hanging});
    }
    truth.recorded = recorded;
    return truth;
}

void World::tell(event::KernelEvent event) {
    if (missed) {
        return;  // the socket takes nothing until slotd has read what there is
    }
    if (uevents.size() >= kUeventsMax) {
        missed = true;
        return;
    }
    uevents.push_back(std::move(event));
}

void World::tell_services(const pci::Address& port) {
    const event::KernelEvent event = event::ServicesChanged{port};
    if (uevents.empty() || uevents.back() != event) {
        tell(event);  // a second look at the same moment would see the same
    }
}

void World::presence_changed(std::size_t port, Pciehp heard) {
    Port& one = ports[port];
    if (!exists(port) || !one.bound.contains(pci::Service::Pciehp)) {
        return;  // nobody listens; what was latched meanwhile is cleared by the probe
    }
    if (one.masked) {
        one.latched = true;
        return;
    }
    if (announces && one.pciehp == Pciehp::Quiet) {
        traces.push_back(event::HotplugAnnounced{
            one.address, one.card == kNoCard ? event::HotplugSignal::CardNotPresent
                                             : event::HotplugSignal::LinkDown});
    }
    one.pciehp = std::max(one.pciehp, heard);
}

void World::pciehp_works(std::size_t port) {
    Port& one = ports[port];
    const bool to_remove = one.enumerated != kNoCard &&
                           (one.card == kNoCard || !one.powered || one.pciehp == Pciehp::PutsAnew);
    if (to_remove) {
        remove_enumerated(port);
        one.pciehp = Pciehp::Looks;
        return;
    }
    if (one.enumerated == kNoCard && one.card != kNoCard && one.link_up) {
        enumerate(port);
    }
    one.pciehp = Pciehp::Quiet;
}

void World::remove_enumerated(std::size_t port) {
    for (std::size_t below = 0; below < ports.size(); ++below) {
        if (ports[below].parent == port && ports[below].enumerated != kNoCard && exists(below)) {
            remove_enumerated(below);
        }
    }
    ports[port].enumerated = kNoCard;
    for (Job& job : jobs) {
        // Its worker holds the directory of a device that is no more: whatever comes in its place
        // is another one.
        if (job.stage == Stage::Asked && !has_subject(job)) {
            job.outcome = Outcome{OutcomeKind::Gone, 0, {}, std::nullopt};
            job.stage = Stage::Performed;
        }
    }
    tell(event::HotplugSeen{function_of(port), event::HotplugKind::Removed});
}

void World::enumerate(std::size_t port) {
    Port& one = ports[port];
    one.enumerated = one.card;
    one.answers = true;
    one.powered = true;
    tell(event::HotplugSeen{function_of(port), event::HotplugKind::Added});
    if (one.enumerated != kSwitch) {
        return;
    }
    for (std::size_t below = 0; below < ports.size(); ++below) {
        Port& child = ports[below];
        if (child.parent == port) {
            // The bridge came out of reset: nothing of what its registers held is left.
            child.fenced = false;
            child.masked = false;
            child.latched = false;
            child.pciehp = Pciehp::Quiet;
            child.bound = child.services;
            if (child.card != kNoCard && child.link_up) {
                enumerate(below);
            }
        }
    }
}

World one_slot() {
    World world;
    Port port;
    port.address = pci::Address{0, 0, 2, 0};
    port.bus = 1;
    port.subordinate = 1;
    port.services = {pci::Service::Aer, pci::Service::Pciehp};
    port.bound = port.services;
    port.card = kCardA;
    port.enumerated = kCardA;
    world.ports.push_back(port);
    return world;
}

World nested_slots() {
    World world = one_slot();
    Port& outer = world.ports.front();
    outer.subordinate = 3;
    outer.card = kSwitch;
    outer.enumerated = kSwitch;
    Port inner;
    inner.address = pci::Address{0, 2, 0, 0};
    inner.parent = 0;
    inner.bus = 3;
    inner.subordinate = 3;
    inner.services = {pci::Service::Pciehp};
    inner.bound = inner.services;
    inner.card = kCardA;
    inner.enumerated = kCardA;
    world.ports.push_back(inner);
    return world;
}

}  // namespace slotd::model
