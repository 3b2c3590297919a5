#include "os/usage_survey.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "os/usage_block.hpp"
#include "os/usage_domain.hpp"
#include "os/usage_mounts.hpp"
#include "os/usage_network.hpp"
#include "os/usage_processes.hpp"
#include "os/usage_vfio.hpp"
#include "pci/address.hpp"

namespace slotd::os {

namespace {

bool is_virtual_function(std::string_view name) {
    return name.starts_with("virtfn");
}

/// Of the names in a function's directory.
bool tells_of_use(std::string_view name) {
    return is_virtual_function(name) || may_hold_interfaces(name);
}

bool any(std::string_view /*name*/) {
    return true;
}

/// Not those of Documentation/admin-guide/devices.txt that never are: memory, virtual consoles (the
/// serial ports of the same major are hardware), other terminals, screens of consoles, registers
/// and identity of processors.
bool may_be_of_a_card(std::string_view number) {
    constexpr std::uint32_t kConsoles = 64;
    const auto major = parse_unsigned<std::uint32_t>(next_field(number, ':'));
    const auto minor = parse_unsigned<std::uint32_t>(number);
    return !major || !minor ||
           (*major != 1 && (*major != 4 || *minor >= kConsoles) && *major != 5 && *major != 7 &&
            *major != 202 && *major != 203);
}

class Survey {
public:
    Survey(const UsageDomain& domain, const SysfsDir& proc, const pci::Address& port)
        : domain_(domain),
          proc_(proc) {
        usage_.port = port;
        usage_.functions.resize(domain.functions().size());
    }

    event::Usage take() {
        read_networks();
        read_functions();
        read_blocks();
        read_character_nodes();
        read_processes();
        return std::move(usage_);
    }

private:
    std::vector<UsageDomain::Device> devices_in(const std::string& flat_directory,
                                                SysfsDir::Wanted wanted);
    void read_functions();
    void read_vfs(const SysfsDir& dir, const std::vector<std::string>& names,
                  event::FunctionUse& use) const;
    void read_networks();
    void read_blocks();
    void read_character_nodes();
    void read_processes();

    const UsageDomain& domain_;
    const SysfsDir& proc_;
    event::Usage usage_;
    DeviceNodes nodes_;
    bool any_vfio_ = false;
};

std::vector<UsageDomain::Device> Survey::devices_in(const std::string& flat_directory,
                                                    SysfsDir::Wanted wanted) {
    auto devices = domain_.devices_in(flat_directory, wanted);
    if (!devices) {
        usage_.unreadable.push_back(devices.error().message());
    }
    return devices.value_or(std::vector<UsageDomain::Device>{});
}

void Survey::read_functions() {
    for (std::size_t index = 0; index < usage_.functions.size(); ++index) {
        event::FunctionUse& use = usage_.functions[index];
        use.address = domain_.functions()[index];
        const auto dir = domain_.open(index);
        const auto names = dir ? dir->names(tells_of_use) : Result<std::vector<std::string>>{};
        if (!dir || !names) {
            continue;  // gone since it was listed
        }
        use.driver = dir->link_name("driver").value_or("");
        read_vfs(*dir, *names, use);
        if (is_vfio_driver(use.driver)) {
            any_vfio_ = true;
            use.vfio_group = vfio_group(domain_.sysfs(), *dir, use.address, nodes_);
        }
        if (use.networks.empty() && has_hidden_interface(*dir, *names)) {
            usage_.unreadable.push_back("the interface of " + use.address.to_string() +
                                        ", which is in another network namespace");
        }
    }
}

void Survey::read_vfs(const SysfsDir& dir, const std::vector<std::string>& names,
                      event::FunctionUse& use) const {
    for (const std::string& name : names) {
        const auto target = is_virtual_function(name) ? dir.link_name(name) : std::nullopt;
        if (const auto address = target ? pci::Address::parse(*target) : std::nullopt) {
            use.vfs.push_back({*address, dir.link_name(name + "/driver").value_or("")});
        }
    }
    std::ranges::sort(use.vfs, {}, &event::VfSeen::address);
}

void Survey::read_networks() {
    std::optional<std::set<std::string>> routes;
    for (const UsageDomain::Device& device : devices_in("class/net", any)) {
        event::NetworkUse use = network_use(domain_.sysfs(), device.name, {});
        // The kernel takes the routes of an interface that goes down; a bond may have another way.
        if (use.up || !use.member_of.empty()) {
            if (!routes) {
                routes = read_default_routes(proc_, usage_.unreadable);
            }
            use = network_use(domain_.sysfs(), device.name, *routes);
        }
        usage_.functions[device.function].networks.push_back(std::move(use));
    }
}

void Survey::read_blocks() {
    std::optional<MountTable> table;
    for (const UsageDomain::Device& device : devices_in("class/block", any)) {
        if (domain_.sysfs().exists("class/block/" + device.name + "/partition")) {
            continue;  // goes with its disk
        }
        if (!table) {
            table = MountTable::read(proc_, usage_.unreadable);
        }
        const std::string disk = multipath_head(domain_.sysfs(), device.name);
        const std::vector<StackedDevice> stack = read_stack(domain_.sysfs(), disk);
        usage_.functions[device.function].blocks.push_back(
            block_use(domain_.sysfs(), disk, stack, *table));
        for (const StackedDevice& layer : stack) {
            nodes_.add(NodeKind::Block, layer.number, "/dev/" + layer.name,
                       domain_.functions()[device.function]);
        }
    }
}

void Survey::read_character_nodes() {
    for (const UsageDomain::Device& device : devices_in("dev/char", may_be_of_a_card)) {
        nodes_.add(NodeKind::Character, device.name,
                   "/dev/" + device.path.substr(device.path.rfind('/') + 1),
                   domain_.functions()[device.function]);
    }
}

void Survey::read_processes() {
    if (nodes_.empty()) {
        return;  // nothing that could be held: the slowest part of all is not needed
    }
    ProcessScan scan = scan_processes(proc_, nodes_, usage_.unreadable);
    for (event::FunctionUse& function : usage_.functions) {
        function.vfio_open =
            is_vfio_driver(function.driver) &&
            std::ranges::any_of(scan.holders, [&](const event::ProcessUse& holder) {
                return holder.function == function.address && event::through_vfio(holder);
            });
    }
    for (const std::string& process : scan.vfio_unknown) {
        if (any_vfio_) {
            usage_.unreadable.push_back("which VFIO device " + process + " holds");
        }
    }
    usage_.processes = std::move(scan.holders);
}

}  // namespace

Result<event::Usage> survey_usage(const SysfsDir& sysfs, const SysfsDir& proc,
                                  const pci::Address& port) {
    const auto domain = UsageDomain::read(sysfs, port);
    if (!domain) {
        return std::unexpected(domain.error());
    }
    return Survey(*domain, proc, port).take();
}

}  // namespace slotd::os
