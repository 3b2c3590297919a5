#include "os/sysfs_topology.hpp"

#include <algorithm>
#include <cerrno>
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
#include "os/sysfs_names.hpp"
#include "pci/address.hpp"
#include "pci/modalias.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"

namespace slotd::os {

namespace {

constexpr std::uint32_t kClassPciBridge = 0x0604;  // base class and sub-class
constexpr std::size_t kNestingMax = 256;  // buses there are, hence bridges above each other

/// What is missing then is not gone: nothing follows from it.
bool is_shortage(const Error& error) {
    return error.os_errno == EMFILE || error.os_errno == ENFILE || error.os_errno == ENOMEM;
}

}  // namespace

/// One walk: what has been seen so far of the machine.
class SysfsTopology::Scan {
public:
    explicit Scan(std::map<pci::Address, BusRange>& ranges) : ranges_(ranges) {}

    void read_functions(const SysfsDir& devices, const std::vector<std::string>& names);
    void read_services(const SysfsDir& pci_express);
    void read_slot_names(const SysfsDir& slots);
    /// Out of descriptors or memory nothing can be said of the machine.
    Result<pci::Topology> topology();

    /// nullopt where it is not there, or cannot be opened for now.
    std::optional<SysfsDir> open_below(const SysfsDir& dir, const std::string& name) {
        return noted(dir.open_below(name));
    }

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

    template <class T>
    std::optional<T> noted(Result<T> result) {
        if (!result && !shortage_ && is_shortage(result.error())) {
            shortage_ = result.error();
        }
        return result ? std::optional(std::move(*result)) : std::nullopt;
    }

    std::optional<std::string> read(const SysfsDir& dir, const std::string& attribute) {
        return noted(dir.read(attribute));
    }

    /// "0x02" as sysfs prints register values; 0 where it cannot be read or is no such number.
    std::uint8_t revision_of(const SysfsDir& dir) {
        const auto text = read(dir, "revision");
        if (!text || !text->starts_with("0x")) {
            return 0;
        }
        return parse_unsigned<std::uint8_t>(std::string_view(*text).substr(2), 16).value_or(0);
    }

    std::vector<std::string> names_below(const SysfsDir& dir, const std::string& name);
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
    std::optional<Error> shortage_;
};

std::vector<std::string> SysfsTopology::Scan::names_below(const SysfsDir& dir,
                                                          const std::string& name) {
    const auto below = open_below(dir, name);
    return below ? noted(below->names()).value_or(std::vector<std::string>{})
                 : std::vector<std::string>{};
}

void SysfsTopology::Scan::read_functions(const SysfsDir& devices,
                                         const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const auto address = pci::Address::parse(name);
        auto path = address ? devices.link_target(name) : std::nullopt;
        if (!path) {
            continue;
        }
        const auto dir = open_below(devices, name);
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
    const auto modalias = read(dir, "modalias");
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
    const auto status = read(dir, "power/runtime_status");
    const bool asleep = status && *status != "active" && *status != "unsupported";
    if (!asleep) {
        const auto number = [&](const char* attribute) -> std::uint8_t {
            const auto text = read(dir, attribute);
            return text ? parse_unsigned<std::uint8_t>(*text).value_or(0) : 0;
        };
        const BusRange range{number("secondary_bus_number"), number("subordinate_bus_number")};
        // All ones come from a port that does not answer; the last bus as the first is no port.
        if (range.secondary != 0 && range.secondary != 0xff &&
            range.secondary <= range.subordinate) {
            ranges_.insert_or_assign(bridge, range);
            return range;
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
    const auto devices = open_below(pci_express, "devices");
    if (!devices) {
        return;  // pcie_ports=compat, or no port at all
    }
    for (const std::string& name : noted(devices->names()).value_or(std::vector<std::string>{})) {
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
    for (const std::string& name : noted(slots.names()).value_or(std::vector<std::string>{})) {
        const auto address = read(slots, name + "/address");
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

Result<pci::Topology> SysfsTopology::Scan::topology() {
    if (shortage_) {
        return std::unexpected(*std::move(shortage_));
    }
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
    for (const auto* const dir : {&bus, &devices}) {
        if (!*dir && dir->error().kind != ErrorKind::NotFound) {
            return std::unexpected(dir->error());
        }
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
    if (const auto pci_express = scan.open_below(*bus, "pci_express")) {
        scan.read_services(*pci_express);
    }
    if (const auto slots = scan.open_below(*bus, "pci/slots")) {
        scan.read_slot_names(*slots);
    }
    return scan.topology();
}

}  // namespace slotd::os
