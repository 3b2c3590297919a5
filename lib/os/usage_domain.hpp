#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::os {

/// The functions below one port, nested ports and what is below them included, and what else
/// belongs to them in the tree of devices.
///
/// Nothing is searched below a function: the flat directories of sysfs (class/block, class/net,
/// dev/char) are links into the tree, and the path that a link spells out names the function. A
/// card with hundreds of disks costs one readlink for each, and no attribute of a device that may
/// be dead is read for it.
class UsageDomain {
public:
    /// `sysfs` is what stands for /sys and outlives this object.
    static Result<UsageDomain> read(const SysfsDir& sysfs, const pci::Address& port);

    /// By address.
    const std::vector<pci::Address>& functions() const { return functions_; }

    /// Index of the function nearest above what a link's target names
    /// ("../../devices/pci0000:00/0000:00:1c.0/0000:01:00.0/nvme/nvme0"); nullopt outside the
    /// domain.
    std::optional<std::size_t> owner_of(std::string_view device_path) const;

    struct Device {
        std::string name;  ///< of the link
        std::string path;  ///< its target
        std::size_t function = 0;
    };

    /// The links of a flat directory that lead below one of the functions, by those names that are
    /// wanted; NotFound is none.
    Result<std::vector<Device>> devices_in(const std::string& flat_directory,
                                           SysfsDir::Wanted wanted) const;

    const SysfsDir& sysfs() const { return sysfs_; }

    Result<SysfsDir> open(std::size_t function) const;

private:
    explicit UsageDomain(const SysfsDir& sysfs) : sysfs_(sysfs) {}

    const SysfsDir& sysfs_;
    std::string port_;
    std::vector<pci::Address> functions_;
};

}  // namespace slotd::os
