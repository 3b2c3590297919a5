#include "os/usage_domain.hpp"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::os {

namespace {

/// Whether `port` is a component of the path before the last.
bool leads_below(std::string_view path, std::string_view port) {
    while (!path.empty()) {
        if (next_field(path, '/') == port) {
            return !path.empty();
        }
    }
    return false;
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
    const std::string port_name = port.to_string();
    for (const std::string& name : *names) {
        const auto address = pci::Address::parse(name);
        const auto path = address ? devices->link_target(name) : std::nullopt;
        if (path && leads_below(*path, port_name)) {
            domain.functions_.push_back(*address);
        }
    }
    std::ranges::sort(domain.functions_);
    for (std::size_t index = 0; index < domain.functions_.size(); ++index) {
        domain.index_.emplace(domain.functions_[index], index);
    }
    return domain;
}

std::optional<std::size_t> UsageDomain::owner_of(std::string_view device_path) const {
    while (!device_path.empty()) {
        const std::size_t slash = device_path.rfind('/');
        const auto address = pci::Address::parse(
            device_path.substr(slash == std::string_view::npos ? 0 : slash + 1));
        if (const auto at = address ? index_.find(*address) : index_.end(); at != index_.end()) {
            return at->second;
        }
        device_path = device_path.substr(0, slash == std::string_view::npos ? 0 : slash);
    }
    return std::nullopt;
}

Result<std::vector<UsageDomain::Device>> UsageDomain::devices_in(
    const std::string& flat_directory) const {
    const auto dir = sysfs_.open_below(flat_directory);
    if (!dir && dir.error().kind == ErrorKind::NotFound) {
        return std::vector<Device>{};
    }
    if (!dir) {
        return std::unexpected(dir.error());
    }
    const auto names = dir->names();
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
