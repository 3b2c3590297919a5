#include "os/usage_block.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "os/usage_mounts.hpp"

namespace slotd::os {

namespace {

constexpr std::size_t kStackMax = 1024;
const std::string kBlocks = "class/block/";

std::vector<std::string> names_below(const SysfsDir& sysfs, const std::string& path) {
    const auto dir = sysfs.open_below(path);
    auto names = dir ? dir->names() : Result<std::vector<std::string>>{};
    return names ? std::move(*names) : std::vector<std::string>{};
}

/// Walks from a disk upwards.
class Stack {
public:
    explicit Stack(const SysfsDir& sysfs) : sysfs_(sysfs) {}

    void add(const std::string& name, bool is_holder) {
        if (devices_.size() >= kStackMax || !seen_.insert(name).second) {
            return;
        }
        devices_.push_back({name, sysfs_.read(kBlocks + name + "/dev").value_or(""),
                            sysfs_.read(kBlocks + name + "/dm/name").value_or(""), is_holder});
    }

    /// Devices are appended while this goes through them.
    void climb() {
        for (std::size_t next = 0; next < devices_.size(); ++next) {
            const std::string name = devices_[next].name;
            const bool is_holder = devices_[next].is_holder;
            for (const std::string& below : names_below(sysfs_, kBlocks + name)) {
                if (below.starts_with(name) &&
                    sysfs_.exists(kBlocks + name + "/" + below + "/partition")) {
                    add(below, is_holder);
                }
            }
            for (const std::string& holder : names_below(sysfs_, kBlocks + name + "/holders")) {
                add(holder, true);
            }
        }
    }

    std::vector<StackedDevice> take() { return std::move(devices_); }

private:
    const SysfsDir& sysfs_;
    std::vector<StackedDevice> devices_;
    std::set<std::string> seen_;
};

/// Both numbers of `inflight`, reads and writes.
std::uint32_t in_flight(const SysfsDir& sysfs, const std::string& disk) {
    const auto text = sysfs.read(kBlocks + disk + "/inflight");
    std::string_view rest = text ? std::string_view(*text) : "";
    std::uint64_t sum = 0;
    while (!rest.empty()) {
        sum += parse_unsigned<std::uint32_t>(next_field(rest, ' ')).value_or(0);
    }
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, UINT32_MAX));
}

/// The device nodes that tables name a device by.
std::set<std::string> nodes_of(const StackedDevice& device) {
    std::string node = device.name;
    std::ranges::replace(node, '!', '/');  // as the kernel names what has a '/' in its name
    std::set<std::string> nodes{"/dev/" + node};
    if (!device.mapper_name.empty()) {
        nodes.insert("/dev/mapper/" + device.mapper_name);
    }
    return nodes;
}

/// The devices of each mounted btrfs, as sysfs has them: mountinfo names one of them only, and its
/// number is that of none.
std::vector<std::vector<std::string>> btrfs_devices(const SysfsDir& sysfs) {
    std::vector<std::vector<std::string>> all;
    for (const std::string& uuid : names_below(sysfs, "fs/btrfs")) {
        all.push_back(names_below(sysfs, "fs/btrfs/" + uuid + "/devices"));
    }
    return all;
}

/// Every node by which a mount of this device may be listed.
std::set<std::string> sources_of(const SysfsDir& sysfs, const StackedDevice& device,
                                 const std::vector<std::vector<std::string>>& btrfs) {
    std::set<std::string> sources = nodes_of(device);
    for (const std::vector<std::string>& devices : btrfs) {
        if (std::ranges::find(devices, device.name) == devices.end()) {
            continue;
        }
        for (const std::string& name : devices) {
            sources.merge(
                nodes_of({name, {}, sysfs.read(kBlocks + name + "/dm/name").value_or(""), false}));
        }
    }
    return sources;
}

}  // namespace

std::vector<StackedDevice> read_stack(const SysfsDir& sysfs, const std::string& disk) {
    Stack stack(sysfs);
    stack.add(disk, false);
    stack.climb();
    return stack.take();
}

std::string multipath_head(const SysfsDir& sysfs, const std::string& disk) {
    // nvme<subsystem>c<controller>n<namespace>: drivers/nvme/host/multipath.c
    // nvme_mpath_set_disk_name.
    const std::size_t controller = disk.find('c');
    const std::size_t end = disk.rfind('n');
    const bool is_path = disk.starts_with("nvme") && controller != std::string::npos &&
                         end != std::string::npos && end > controller;
    if (!is_path) {
        return disk;
    }
    const std::string head = disk.substr(0, controller) + disk.substr(end);
    return sysfs.exists(kBlocks + head) ? head : disk;
}

event::BlockUse block_use(const SysfsDir& sysfs, const std::string& disk,
                          const std::vector<StackedDevice>& stack, const MountTable& table) {
    event::BlockUse use;
    use.name = disk;
    use.in_flight = in_flight(sysfs, disk);
    const auto btrfs = btrfs_devices(sysfs);
    for (const StackedDevice& device : stack) {
        if (device.is_holder) {
            use.holders.push_back(device.mapper_name.empty()
                                      ? device.name
                                      : device.name + " (" + device.mapper_name + ")");
        }
        const std::set<std::string> nodes = nodes_of(device);
        const std::set<std::string> sources = sources_of(sysfs, device, btrfs);
        for (const Mount& mount : table.mounts) {
            if ((!device.number.empty() && mount.number == device.number) ||
                (mount.number.starts_with("0:") && sources.contains(mount.source))) {
                use.mounts.push_back({device.name, mount.point});
            }
        }
        for (const std::string& swap : table.swaps) {
            if (nodes.contains(swap)) {
                use.swaps.push_back(device.name);
            }
        }
    }
    return use;
}

}  // namespace slotd::os
