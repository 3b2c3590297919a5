#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pci/address.hpp"

namespace slotd::event {

/// A mount of a block device, or of something stacked on it.
struct MountSeen {
    std::string device;  ///< "vda1", "dm-0"
    std::string point;   ///< "/srv"
    bool operator==(const MountSeen&) const = default;
};

/// A whole disk of a function, and what stands on it.
struct BlockUse {
    std::string name;                  ///< "vda", "nvme0n1"
    std::uint32_t in_flight = 0;       ///< requests that have not ended (sysfs `inflight`)
    std::vector<std::string> holders;  ///< "dm-0 (vg-root)", "md0": holders/ of disk and partitions
    std::vector<MountSeen> mounts;     ///< of the disk, its partitions, and their holders
    std::vector<std::string> swaps;    ///< devices of /proc/swaps among the same
    bool operator==(const BlockUse&) const = default;
};

/// A network interface of a function.
struct NetworkUse {
    std::string name;
    bool up = false;  ///< IFF_UP
    bool carrier = false;
    bool default_route = false;  ///< a default route of IPv4 or IPv6 goes out there
    std::string member_of;       ///< bond, bridge or team that it is part of; empty for none
    bool operator==(const NetworkUse&) const = default;
};

struct VfSeen {
    pci::Address address;
    std::string driver;
    bool operator==(const VfSeen&) const = default;
};

/// One function of the reset domain with what the kernel has made of it.
struct FunctionUse {
    pci::Address address;
    std::string driver;
    std::vector<BlockUse> blocks;
    std::vector<NetworkUse> networks;
    std::vector<VfSeen> vfs;
    std::optional<std::uint32_t> vfio_group;  ///< IOMMU group number when bound to a VFIO driver
    bool vfio_open = false;                   ///< somebody holds the group or the device open
    bool operator==(const FunctionUse&) const = default;
};

/// A process that holds a device node of a function open.
struct ProcessUse {
    std::int32_t pid = 0;
    std::string command;  ///< comm
    std::string unit;     ///< systemd unit of its cgroup; empty when there is none
    std::string node;  ///< "/dev/nvme0"; "[vfio-device]" is what VFIO gives out, which has no path
    pci::Address function;
    bool operator==(const ProcessUse&) const = default;
};

/// The function is in this process' hands as a group of VFIO's or as its device.
inline bool through_vfio(const ProcessUse& use) {
    return use.node.starts_with("/dev/vfio/") || use.node == "[vfio-device]";
}

/// The blast radius of a reset of a port: everything below it, nested ports included, by address,
/// and who uses it. Read from sysfs and procfs by slotd-exec; a snapshot, true when it was read.
struct Usage {
    pci::Address port;
    std::vector<FunctionUse> functions;
    std::vector<ProcessUse> processes;
    std::uint32_t left_out = 0;  ///< entries that did not fit: everything listed is only a part
    std::vector<std::string> unreadable;  ///< what could not be read, so is not known
    bool operator==(const Usage&) const = default;
};

}  // namespace slotd::event
