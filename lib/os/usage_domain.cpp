#include "os/usage_domain.hpp"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::os {

namespace {

/// Whether `port` is a component of the path before the last.
bool leads_below(std::string_view path, std::string_view port) {
    const std::size_t at = path.find(port);
    return at != std::string_view::npos && path.substr(at + port.size()).starts_with('/');
}

/// A bridge forwards to buses of higher numbers than its own (PCI-to-PCI Bridge 1.2, 3.2.5.3).
bool may_be_below(const pci::Address& function, const pci::Address& port) {
    return function.domain != port.domain || function.bus > port.bus;
}

}  // namespace

Result<UsageDomain> UsageDomain::read(const SysfsDir& sysfs, const pci::Address& port) {
    const auto devices = sysfs.open_below("bus/pci/devices");
    if (!devices) {
        return std::unexpected(devices.error());
    }
    const auto names = devices->names();
    if (!names) {
        return std::unexpected(names.error());
    }
    UsageDomain domain(sysfs);
    domain.port_ = port.to_string();
    for (const std::string& name : *names) {
        const auto address = pci::Address::parse(name);
        const auto path =
            address && may_be_below(*address, port) ? devices->link_target(name) : std::nullopt;
        if (path && leads_below(*path, domain.port_)) {
            domain.functions_.push_back(*address);
        }
    }
    std::ranges::sort(domain.functions_);
    return domain;
}

std::optional<std::size_t> UsageDomain::owner_of(std::string_view device_path) const {
    if (device_path.find(port_) == std::string_view::npos) {
        return std::nullopt;
    }
    while (!device_path.empty()) {
        const std::size_t slash = device_path.rfind('/');
        const auto address = pci::Address::parse(
            device_path.substr(slash == std::string_view::npos ? 0 : slash + 1));
        if (address) {
            const auto at = std::ranges::lower_bound(functions_, *address);
            if (at != functions_.end() && *at == *address) {
                return static_cast<std::size_t>(at - functions_.begin());
            }
        }
        device_path = device_path.substr(0, slash == std::string_view::npos ? 0 : slash);
    }
    return std::nullopt;
}

Result<std::vector<UsageDomain::Device>> UsageDomain::devices_in(const std::string& flat_directory,
                                                                 SysfsDir::Wanted wanted) const {
    const auto dir = sysfs_.open_below(flat_directory);
    if (!dir && dir.error().kind == ErrorKind::NotFound) {
        return std::vector<Device>{};
    }
    if (!dir) {
        return std::unexpected(dir.error());
    }
    const auto names = dir->names(wanted);
    if (!names) {
        return std::unexpected(names.error());
    }
    std::vector<Device> found;
    for (const std::string& name : *names) {
        auto path = dir->link_target(name);
        if (const auto owner = path ? owner_of(*path) : std::nullopt) {
            found.push_back({name, std::move(*path), *owner});
        }
    }
    return found;
}

Result<SysfsDir> UsageDomain::open(std::size_t function) const {
    return sysfs_.open_below("bus/pci/devices/" + functions_.at(function).to_string());
}

}  // namespace slotd::os
