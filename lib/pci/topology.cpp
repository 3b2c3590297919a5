#include "pci/topology.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "pci/address.hpp"

namespace slotd::pci {

Topology::Topology(std::vector<Port> ports) : ports_(std::move(ports)) {
    std::ranges::stable_sort(ports_, {}, &Port::address);
    const auto duplicates = std::ranges::unique(ports_, {}, &Port::address);
    ports_.erase(duplicates.begin(), duplicates.end());
}

const Port* Topology::find(const Address& port) const {
    const auto at = std::ranges::lower_bound(ports_, port, {}, &Port::address);
    return at != ports_.end() && at->address == port ? &*at : nullptr;
}

const Port* Topology::port_above(const Address& function) const {
    const Port* nearest = nullptr;
    for (const Port& port : ports_) {
        const bool covers = port.secondary_bus != 0 && port.address.domain == function.domain &&
                            port.secondary_bus <= function.bus &&
                            function.bus <= port.subordinate_bus;
        // A nested port's range lies inside its parent's: the one that starts latest is the
        // nearest.
        if (covers && (nearest == nullptr || port.secondary_bus > nearest->secondary_bus)) {
            nearest = &port;
        }
    }
    return nearest;
}

std::vector<const Port*> Topology::subtree(const Address& port) const {
    std::vector<const Port*> below;
    for (const Port& candidate : ports_) {
        if (candidate.address == port || is_above(port, candidate.address)) {
            below.push_back(&candidate);
        }
    }
    return below;
}

bool Topology::reset_domains_overlap(const Address& one, const Address& other) const {
    return one == other || is_above(one, other) || is_above(other, one);
}

bool Topology::is_above(const Address& upper, const Address& lower) const {
    const Port* port = find(lower);
    // The bound holds even if a scan of a machine in motion produced a cycle of parents.
    for (std::size_t steps = 0; port != nullptr && port->parent && steps < ports_.size(); ++steps) {
        if (*port->parent == upper) {
            return true;
        }
        port = find(*port->parent);
    }
    return false;
}

}  // namespace slotd::pci
