#include "os/sysfs_topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/modalias.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"

namespace slotd::os {

namespace {

constexpr std::uint32_t kClassPciBridge = 0x0604;  // base class and sub-class
constexpr std::size_t kNestingMax = 256;  // buses there are, hence bridges above each other

/// "0x02" as sysfs prints register values; 0 where it cannot be read or is no such number.
std::uint8_t revision_of(const SysfsDir& dir) {
    const auto text = dir.read("revision");
    if (!text || !text->starts_with("0x")) {
        return 0;
    }
    return parse_unsigned<std::uint8_t>(std::string_view(*text).substr(2), 16).value_or(0);
}

/// The address before the last ':' of "0000:00:1c.0:pcie004", and the number after it.
struct ServiceName {
    pci::Address port;
    pci::Service service;
};

std::optional<ServiceName> service_of(std::string_view name) {
    const auto suffix = name.rfind(":pcie");
    if (suffix == std::string_view::npos) {
        return std::nullopt;
    }
    const auto port = pci::Address::parse(name.substr(0, suffix));
    // Three hex digits: the port's type, then the service (KERNEL 6).
    const auto number = parse_unsigned<std::uint16_t>(name.substr(suffix + 5), 16);
    const auto service =
        number ? pci::service_from_number(static_cast<std::uint8_t>(*number & 0xff)) : std::nullopt;
    if (!port || !service) {
        return std::nullopt;
    }
    return ServiceName{*port, *service};
}

/// A bus as the names of pci_bus and the addresses of slots give it.
struct BusName {
    std::uint32_t domain = 0;
    std::uint8_t bus = 0;

    auto operator<=>(const BusName&) const = default;
};

std::optional<BusName> bus_named(std::string_view domain, std::string_view bus) {
    // With device and function added it has the form of an address, and is checked as one.
    const auto address = pci::Address::parse(fmt::format("{}:{}:00.0", domain, bus));
    return address ? std::optional(BusName{address->domain, address->bus}) : std::nullopt;
}

/// "0000:01:00", or "0000:01" for a slot that is a whole bus. A link leads to device 00 only: slots
/// with other devices are conventional PCI.
std::optional<BusName> bus_of_slot(std::string_view address) {
    const std::string_view domain = next_field(address, ':');
    const std::string_view bus = next_field(address, ':');
    return address.empty() || address == "00" ? bus_named(domain, bus) : std::nullopt;
}

std::vector<std::string> names_below(const SysfsDir& dir, const std::string& name) {
    const auto below = dir.open_below(name);
    auto names = below ? below->names() : Result<std::vector<std::string>>{};
    return names ? std::move(*names) : std::vector<std::string>{};
}

}  // namespace

/// One walk: what has been seen so far of the machine.
class SysfsTopology::Scan {
public:
    explicit Scan(std::map<pci::Address, BusRange>& ranges) : ranges_(ranges) {}

    void read_functions(const SysfsDir& devices, const std::vector<std::string>& names);
    void read_services(const SysfsDir& pci_express);
    void read_slot_names(const SysfsDir& slots);
    pci::Topology topology();

private:
    enum class Kind : std::uint8_t {
        Function,
        OtherBridge,
        RootPort,
        UpstreamPort,
        DownstreamPort
    };

    struct Node {
        pci::Function function;
        std::optional<pci::Address> parent;  // the PCI function above
        bool is_express_bridge = false;
        BusRange range;            // of a bridge
        std::optional<Kind> kind;  // found on demand
        std::vector<pci::Address> children;
    };

    void read_function(const SysfsDir& dir, Node& node);
    BusRange read_range(const SysfsDir& dir, const pci::Address& bridge);
    Kind kind_of(const pci::Address& address, std::size_t depth);
    bool is_port(const pci::Address& address);
    std::optional<pci::Address> port_above(const Node& node);
    std::vector<pci::Address> path_to(const Node& node) const;
    pci::Port port_of(const Node& node, Kind kind);
    void widen_ranges(std::vector<pci::Port>& ports) const;

    std::map<pci::Address, BusRange>& ranges_;
    std::map<pci::Address, Node> nodes_;
    std::map<pci::Address, pci::ServiceSet> services_;
    std::map<pci::Address, pci::ServiceSet> bound_;
    std::map<BusName, std::string> slot_names_;
};

void SysfsTopology::Scan::read_functions(const SysfsDir& devices,
                                         const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const auto address = pci::Address::parse(name);
        auto path = address ? devices.link_target(name) : std::nullopt;
        if (!path) {
            continue;
        }
        const auto dir = devices.open_below(name);
        if (!dir) {
            continue;  // gone since it was listed
        }
        Node node;
        node.function.address = *address;
        // ".../pci0000:00/0000:00:1c.0/0000:01:00.0": the component before the last is what it is
        // plugged into. That of a host bridge, VMD's included, is no address.
        path->erase(std::min(path->rfind('/'), path->size()));
        node.parent = pci::Address::parse(std::string_view(*path).substr(path->rfind('/') + 1));
        read_function(*dir, node);
        nodes_.emplace(*address, std::move(node));
    }
    for (const auto& [address, node] : nodes_) {
        const auto above = node.parent ? nodes_.find(*node.parent) : nodes_.end();
        if (above != nodes_.end()) {
            above->second.children.push_back(address);
        }
    }
}

void SysfsTopology::Scan::read_function(const SysfsDir& dir, Node& node) {
    pci::Function& function = node.function;
    // One file in place of five, of every function of the machine.
    const auto modalias = dir.read("modalias");
    if (const auto identity = modalias ? pci::identity_from_modalias(*modalias) : std::nullopt) {
        function.identity = *identity;
    }
    function.is_bridge = function.identity.class_code >> 8 == kClassPciBridge;
    if (function.is_bridge) {
        node.is_express_bridge = dir.exists("max_link_width");
        node.range = read_range(dir, function.address);
    }
    if (!node.parent) {
        return;  // part of the root complex: not below any port, so nobody asks what it is
    }
    function.driver = dir.link_name("driver").value_or("");
    function.is_virtual = dir.exists("physfn");
    // That of a bridge is from a capability, which ConfigSpace does not read: where one side knew
    // more than the other, a switch would look like another card.
    if (function.is_bridge) {
        function.identity.subsystem_vendor = function.identity.subsystem_device = 0;
    }
    function.identity.revision = revision_of(dir);
}

SysfsTopology::BusRange SysfsTopology::Scan::read_range(const SysfsDir& dir,
                                                        const pci::Address& bridge) {
    // Reading a bus number resumes the port's parent and waits for that, for up to a minute if the
    // link does not come up (pci-sysfs.c secondary_bus_number_show). An active port's parent is
    // active.
    const auto status = dir.read("power/runtime_status");
    const bool asleep = status && *status != "active" && *status != "unsupported";
    if (!asleep) {
        const auto number = [&](const char* attribute) -> std::uint8_t {
            const auto text = dir.read(attribute);
            return text ? parse_unsigned<std::uint8_t>(*text).value_or(0) : 0;
        };
        const BusRange read{number("secondary_bus_number"), number("subordinate_bus_number")};
        // All ones come from a port that does not answer; the last bus as the first is no port.
        if (read.secondary != 0 && read.secondary != 0xff && read.secondary <= read.subordinate) {
            ranges_.insert_or_assign(bridge, read);
            return read;
        }
    }
    for (const std::string& name : names_below(dir, "pci_bus")) {
        std::string_view bus = name;
        const std::string_view domain = next_field(bus, ':');
        if (const auto known = bus_named(domain, bus)) {
            const auto before = ranges_.find(bridge);
            return before != ranges_.end() && before->second.secondary == known->bus
                       ? before->second
                       : BusRange{known->bus, known->bus};
        }
    }
    return {};
}

void SysfsTopology::Scan::read_services(const SysfsDir& pci_express) {
    const auto devices = pci_express.open_below("devices");
    const auto names = devices ? devices->names() : Result<std::vector<std::string>>{};
    if (!devices || !names) {
        return;  // pcie_ports=compat, or no port at all
    }
    for (const std::string& name : *names) {
        const auto service = service_of(name);
        if (!service) {
            continue;
        }
        services_[service->port].insert(service->service);
        if (devices->exists(name + "/driver")) {
            bound_[service->port].insert(service->service);
        }
        // A bridge with a port service is PCIe, whatever attributes this kernel shows.
        if (const auto node = nodes_.find(service->port); node != nodes_.end()) {
            node->second.is_express_bridge = node->second.function.is_bridge;
        }
    }
}

void SysfsTopology::Scan::read_slot_names(const SysfsDir& slots) {
    const auto names = slots.names();
    if (!names) {
        return;
    }
    for (const std::string& name : *names) {
        const auto address = slots.read(name + "/address");
        if (const auto bus = address ? bus_of_slot(*address) : std::nullopt) {
            slot_names_.emplace(*bus, name);  // of two names for one bus the first is taken
        }
    }
}

SysfsTopology::Scan::Kind SysfsTopology::Scan::kind_of(const pci::Address& address,
                                                       std::size_t depth) {
    const auto at = nodes_.find(address);
    if (at == nodes_.end() || !at->second.function.is_bridge) {
        return Kind::Function;
    }
    Node& node = at->second;
    if (node.kind) {
        return *node.kind;
    }
    Kind kind = Kind::OtherBridge;
    if (node.is_express_bridge && !node.parent) {
        kind = Kind::RootPort;
    } else if (node.is_express_bridge && depth < kNestingMax) {
        const Kind above = kind_of(*node.parent, depth + 1);
        if (above == Kind::RootPort || above == Kind::DownstreamPort) {
            kind = Kind::UpstreamPort;
        } else if (above == Kind::UpstreamPort) {
            kind = Kind::DownstreamPort;
        }
    }
    node.kind = kind;
    return kind;
}

bool SysfsTopology::Scan::is_port(const pci::Address& address) {
    const Kind kind = kind_of(address, 0);
    return kind == Kind::RootPort || kind == Kind::DownstreamPort;
}

std::optional<pci::Address> SysfsTopology::Scan::port_above(const Node& node) {
    std::optional<pci::Address> above = node.parent;
    for (std::size_t steps = 0; above && steps < kNestingMax; ++steps) {
        if (is_port(*above)) {
            return above;
        }
        const auto next = nodes_.find(*above);
        above = next == nodes_.end() ? std::nullopt : next->second.parent;
    }
    return std::nullopt;
}

std::vector<pci::Address> SysfsTopology::Scan::path_to(const Node& node) const {
    std::vector<pci::Address> path{node.function.address};
    for (auto above = node.parent; above && path.size() < kNestingMax;) {
        const auto at = nodes_.find(*above);
        if (at == nodes_.end()) {
            break;
        }
        path.push_back(*above);
        above = at->second.parent;
    }
    std::ranges::reverse(path);
    return path;
}

pci::Port SysfsTopology::Scan::port_of(const Node& node, Kind kind) {
    pci::Port port;
    port.address = node.function.address;
    port.kind =
        kind == Kind::RootPort ? pci::PortKind::RootPort : pci::PortKind::SwitchDownstreamPort;
    port.parent = port_above(node);
    port.root_port = port.address;
    const Node* at = &node;
    for (auto above = port.parent; above; above = port_above(*at)) {
        port.root_port = *above;
        at = &nodes_.at(*above);
    }
    port.path = path_to(node);
    port.secondary_bus = node.range.secondary;
    port.subordinate_bus = node.range.subordinate;
    const auto name = slot_names_.find(BusName{port.address.domain, port.secondary_bus});
    if (port.secondary_bus != 0 && name != slot_names_.end()) {
        port.slot_name = name->second;
    }
    port.services = services_[port.address];
    port.bound = bound_[port.address];
    std::vector<pci::Function> functions;
    for (const pci::Address& child : node.children) {
        functions.push_back(nodes_.at(child).function);
    }
    port.functions = std::move(functions);
    return port;
}

void SysfsTopology::Scan::widen_ranges(std::vector<pci::Port>& ports) const {
    // A range that was put together from names reaches to the last bus of the ports below.
    for (const pci::Port& port : ports) {
        std::optional<pci::Address> above = port.parent;
        for (std::size_t steps = 0; above && steps < kNestingMax; ++steps) {
            const auto upper = std::ranges::lower_bound(ports, *above, {}, &pci::Port::address);
            if (upper == ports.end() || upper->address != *above || upper->secondary_bus == 0) {
                break;
            }
            upper->subordinate_bus = std::max(upper->subordinate_bus, port.subordinate_bus);
            above = upper->parent;
        }
    }
}

pci::Topology SysfsTopology::Scan::topology() {
    std::vector<pci::Port> ports;
    for (const auto& [address, node] : nodes_) {
        if (is_port(address)) {
            ports.push_back(port_of(node, kind_of(address, 0)));
        }
    }
    widen_ranges(ports);
    std::erase_if(ranges_, [&](const auto& range) { return !nodes_.contains(range.first); });
    return pci::Topology(std::move(ports));
}

SysfsTopology::SysfsTopology(std::string root) : root_(std::move(root)) {}

Result<pci::Topology> SysfsTopology::scan() {
    const auto bus = SysfsDir::open(root_ + "/bus");
    const auto devices = SysfsDir::open(root_ + "/bus/pci/devices");
    if (!devices && devices.error().kind != ErrorKind::NotFound) {
        return std::unexpected(devices.error());
    }
    const auto names = devices ? devices->names() : Result<std::vector<std::string>>{};
    if (!names) {
        return std::unexpected(names.error());
    }
    if (!bus || names->empty()) {
        return failure(ErrorKind::NotFound, "find a PCI function in " + root_ + "/bus/pci/devices");
    }
    Scan scan(ranges_);
    scan.read_functions(*devices, *names);
    if (const auto pci_express = bus->open_below("pci_express")) {
        scan.read_services(*pci_express);
    }
    if (const auto slots = bus->open_below("pci/slots")) {
        scan.read_slot_names(*slots);
    }
    return scan.topology();
}

}  // namespace slotd::os
