#include "pci/topology.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "pci/address.hpp"

namespace slotd::pci {

namespace {

/// In the order of by_bus_.
std::uint64_t bus_key(std::uint32_t domain, std::uint8_t bus) {
    return std::uint64_t{domain} << 8U | bus;
}

}  // namespace

Topology::Topology(std::vector<Port> ports) : ports_(std::move(ports)) {
    std::ranges::stable_sort(ports_, {}, &Port::address);
    const auto duplicates = std::ranges::unique(ports_, {}, &Port::address);
    ports_.erase(duplicates.begin(), duplicates.end());
    for (std::size_t at = 0; at < ports_.size(); ++at) {
        if (ports_[at].parent) {
            by_parent_.push_back(at);
        }
        if (ports_[at].secondary_bus != 0) {
            by_bus_.push_back({ports_[at].address.domain, ports_[at].secondary_bus,
                               ports_[at].subordinate_bus, at});
        }
    }
    std::ranges::stable_sort(by_parent_, {}, [this](std::size_t at) { return *ports_[at].parent; });
    std::ranges::stable_sort(
        by_bus_, {}, [](const BusRange& one) { return bus_key(one.domain, one.secondary); });
}

const Port* Topology::find(const Address& port) const {
    const auto at = std::ranges::lower_bound(ports_, port, {}, &Port::address);
    return at != ports_.end() && at->address == port ? &*at : nullptr;
}

const Port* Topology::port_above(const Address& function) const {
    // Which half comes next is computed, not branched on: at thousands of ports a branch is guessed
    // wrong at every second step, which is most of what the search would cost.
    const std::uint64_t wanted = bus_key(function.domain, function.bus);
    const auto begins_by_then = [&](std::size_t at) {
        return std::size_t{bus_key(by_bus_[at].domain, by_bus_[at].secondary) <= wanted};
    };
    std::size_t at = 0;  // at the end: how many begin at that bus or before
    std::size_t left = by_bus_.size();
    for (; left > 1; left -= left / 2) {
        at += left / 2 * begins_by_then(at + left / 2 - 1);
    }
    at += left == 0 ? 0 : begins_by_then(at);
    // A nested port's range lies inside its parent's: the one that starts latest is the nearest.
    const BusRange* nearest = nullptr;
    while (at != 0) {
        const BusRange& range = by_bus_[--at];
        const bool later = nearest != nullptr && range.secondary < nearest->secondary;
        if (range.domain != function.domain || later) {
            break;
        }
        // Of two that start together, which only a scan of a machine in motion finds, the first.
        if (function.bus <= range.subordinate) {
            nearest = &range;
        }
    }
    return nearest == nullptr ? nullptr : &ports_[nearest->at];
}

std::vector<const Port*> Topology::subtree(const Address& port) const {
    const auto parent = [this](std::size_t at) { return *ports_[at].parent; };
    std::vector<const Port*> found;
    Address upper = port;
    for (std::size_t next = 0;; ++next) {
        for (const std::size_t at : std::ranges::equal_range(by_parent_, upper, {}, parent)) {
            // Each has one parent: only where the scan has a cycle does the walk come back, and
            // then to where it began.
            if (ports_[at].address != port) {
                found.push_back(&ports_[at]);
            }
        }
        if (next == found.size()) {
            break;
        }
        upper = found[next]->address;
    }
    if (const Port* const top = find(port)) {
        found.push_back(top);
    }
    std::ranges::sort(found, {}, &Port::address);
    return found;
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
