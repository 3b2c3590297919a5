#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/shared_list.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/service.hpp"

namespace slotd::pci {

/// A function as the kernel has it enumerated now.
struct Function {
    Address address;
    std::string driver;  ///< bound driver's name; empty when none is
    Identity identity;   ///< as read at enumeration (sysfs); `serial` is unknown here
    bool is_bridge = false;
    bool is_virtual = false;  ///< a VF of SR-IOV: made, and lost, with its physical function

    bool operator==(const Function&) const = default;
};

enum class PortKind : std::uint8_t { RootPort, SwitchDownstreamPort };

/// A bridge with a link below it. Slots are keyed by their port's address; a slot's name is a label
/// that may be empty, ambiguous, or absent while pciehp is unbound.
struct Port {
    Address address;
    PortKind kind = PortKind::RootPort;
    std::optional<Address> parent;  ///< nearest port above; nullopt for a Root Port
    Address root_port;              ///< names the AER domain; the port itself for a Root Port
    /// Bridges from the Root Port down to this port, both included: the Upstream Ports of switches
    /// too, which are no ports here.
    std::vector<Address> path = {};
    std::uint8_t secondary_bus = 0;  ///< first bus below the link; 0 while not configured
    std::uint8_t subordinate_bus = 0;
    std::string slot_name;           ///< /sys/bus/pci/slots/<name>; empty when there is none now
    ServiceSet services;             ///< port service devices that exist
    ServiceSet bound;                ///< those with their driver bound
    SharedList<Function> functions;  ///< directly below the link, by address

    bool operator==(const Port&) const = default;

    bool hotplug_capable() const { return services.contains(Service::Pciehp); }
};

/// All ports of the machine at one moment, by address. A value: made by one scan, never edited.
class Topology {
public:
    Topology() = default;
    /// Sorts by address. Two ports of one address are a scanner's mistake and the later is dropped.
    explicit Topology(std::vector<Port> ports);

    const std::vector<Port>& ports() const { return ports_; }

    const Port* find(const Address& port) const;
    /// The port whose link leads to `function`, nested ports preferred; nullptr for a function of
    /// the root complex or one that no known bus range covers. For a port's own address: the port
    /// above.
    const Port* port_above(const Address& function) const;
    /// False where no port is on the bus of `function`, as where cards are: it is none itself, and
    /// no port was read to say so.
    bool may_be_port(const Address& function) const;
    /// `port` itself and every port below it, by address.
    std::vector<const Port*> subtree(const Address& port) const;
    /// True where one reset disturbs both: the same port, or one above the other.
    bool reset_domains_overlap(const Address& one, const Address& other) const;

    /// `lower` is a port below the link of `upper`.
    bool is_above(const Address& upper, const Address& lower) const;

    bool operator==(const Topology&) const = default;

private:
    /// Of one bus of a domain. Whole, so that asking reads no port.
    struct BusPlace {
        std::uint32_t domain = 0;
        std::uint8_t secondary = 0;  ///< of the nearest port whose range covers the bus; 0: of none
        bool has_ports = false;      ///< on the bus of this place in the row
        std::size_t at = 0;          ///< in ports_, of that port

        bool operator==(const BusPlace&) const = default;
    };

    const BusPlace* place_of(const Address& function) const;

    std::vector<Port> ports_;
    // Follow from ports_, which every event asks: places in it, so that a copy keeps its own.
    std::vector<std::size_t> by_parent_;  ///< ports that have one; by parent, then by address
    std::vector<BusPlace> by_bus_;        ///< of each domain a row with the nearest for each bus
};

}  // namespace slotd::pci
