#pragma once

#include <string>
#include <vector>

#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "os/usage_mounts.hpp"

namespace slotd::os {

/// A block device of a stack: a disk, its partitions, and whatever stands on any of them.
struct StackedDevice {
    std::string name;         ///< as in class/block: "vda1", "dm-0"
    std::string number;       ///< "253:1"; empty where there is none
    std::string mapper_name;  ///< of device-mapper: "vg-root"; else empty
    bool is_holder = false;   ///< stands on the disk, is no part of it
    bool operator==(const StackedDevice&) const = default;
};

/// The stack of one disk: first itself, then its partitions, then their holders and those of them,
/// each once however they refer to each other; at most 1,024. `sysfs` is what stands for /sys.
std::vector<StackedDevice> read_stack(const SysfsDir& sysfs, const std::string& disk);

/// The disk that shows the storage behind `disk`: "nvme0n1" for "nvme0c1n1", one path of an NVMe
/// namespace; every other disk is its own.
std::string multipath_head(const SysfsDir& sysfs, const std::string& disk);

/// Who uses a disk and what stands on it. Not seen are users that take the disk inside the kernel
/// and say so nowhere in sysfs: ZFS, DRBD, iSCSI and NVMe targets, an external journal.
event::BlockUse block_use(const SysfsDir& sysfs, const std::string& disk,
                          const std::vector<StackedDevice>& stack, const MountTable& table);

}  // namespace slotd::os
