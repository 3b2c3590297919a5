#include "pci/topology.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "pci/address.hpp"

namespace slotd::pci {

namespace {

constexpr std::size_t kBuses = 256;

}  // namespace

Topology::Topology(std::vector<Port> ports) : ports_(std::move(ports)) {
    std::ranges::stable_sort(ports_, {}, &Port::address);
    const auto duplicates = std::ranges::unique(ports_, {}, &Port::address);
    ports_.erase(duplicates.begin(), duplicates.end());
    for (std::size_t at = 0; at < ports_.size(); ++at) {
        if (ports_[at].parent) {
            by_parent_.push_back(at);
        }
    }
    std::ranges::stable_sort(by_parent_, {}, [this](std::size_t at) { return *ports_[at].parent; });
    for (std::size_t at = 0; at < ports_.size(); ++at) {
        const std::uint32_t domain = ports_[at].address.domain;
        if (by_bus_.empty() || by_bus_.back().domain != domain) {  // ports are sorted by domain
            by_bus_.resize(by_bus_.size() + kBuses, BusPlace{domain, 0, false, 0});
        }
        const std::size_t row = by_bus_.size() - kBuses;
        by_bus_[row + ports_[at].address.bus].has_ports = true;
        const std::uint8_t secondary = ports_[at].secondary_bus;
        if (secondary == 0) {
            continue;  // not configured: nothing is behind it
        }
        for (std::size_t bus = secondary; bus <= ports_[at].subordinate_bus; ++bus) {
            // A nested port's range lies inside its parent's: the one that starts latest is the
            // nearest. Of two that start together, which only a scan of a machine in motion finds,
            // the first.
            if (BusPlace& nearest = by_bus_[row + bus]; nearest.secondary < secondary) {
                nearest.secondary = secondary;
                nearest.at = at;
            }
        }
    }
}

const Port* Topology::find(const Address& port) const {
    const auto at = std::ranges::lower_bound(ports_, port, {}, &Port::address);
    return at != ports_.end() && at->address == port ? &*at : nullptr;
}

const Topology::BusPlace* Topology::place_of(const Address& function) const {
    // At thousands of ports a search among all would cost more than all the rest of an event: of
    // each domain there is a row with a place for each bus.
    std::size_t from = 0;
    for (std::size_t rows = by_bus_.size() / kBuses; rows > 1; rows -= rows / 2) {
        const std::size_t half = rows / 2 * kBuses;
        from += by_bus_[from + half].domain <= function.domain ? half : 0;
    }
    return by_bus_.empty() || by_bus_[from].domain != function.domain
               ? nullptr
               : &by_bus_[from + function.bus];
}

const Port* Topology::port_above(const Address& function) const {
    const BusPlace* const place = place_of(function);
    return place == nullptr || place->secondary == 0 ? nullptr : &ports_[place->at];
}

bool Topology::may_be_port(const Address& function) const {
    const BusPlace* const place = place_of(function);
    return place != nullptr && place->has_ports;
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
