#pragma once

#include <string>
#include <vector>

#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::fakes {

/// What the functions of a FakePciTree are used for, as sysfs and procfs show it: disks and what
/// stands on them, interfaces, device nodes, processes. Devices are named by their path below
/// /sys/devices, "pci0000:00/.../virtio0/block/vda", and linked from the flat directories.
class FakeUse {
public:
    explicit FakeUse(const FakePciTree& tree);

    std::string proc_root() const { return proc_.path(); }

    const TempDir& proc() const { return proc_; }

    const TempDir& sys() const { return tree_.files(); }

    /// A disk, with its number ("254:0") and nothing in flight.
    void disk(const std::string& path, const std::string& number) const;
    /// A partition of a disk(): "vda1" of ".../block/vda".
    void partition(const std::string& disk, const std::string& name,
                   const std::string& number) const;
    /// A device-mapper or md device below /sys/devices/virtual/block; `mapper_name` may be empty.
    void stacked(const std::string& name, const std::string& number,
                 const std::string& mapper_name) const;
    /// `holder` stands on the device with this name in class/block.
    void hold(const std::string& device, const std::string& holder) const;

    /// An interface that is up and has its carrier.
    void interface(const std::string& path) const;
    /// Its name in class/net, any attribute.
    void interface_attribute(const std::string& name, const std::string& attribute,
                             const std::string& value) const;
    /// An interface without a function: bond, bridge, VLAN. The other one becomes its lower one.
    void stack_interface(const std::string& lower, const std::string& upper, bool is_master) const;

    /// A character device node.
    void character(const std::string& path, const std::string& number) const;

    /// A process with one descriptor for each target: 0, 1, ...
    void process(int pid, const std::string& command, const std::string& cgroup,
                 const std::vector<std::string>& targets) const;
    /// mountinfo of process 1: one line for each "253:0 /srv /dev/dm-0".
    void mounts(const std::vector<std::string>& lines, int pid = 1) const;

private:
    const FakePciTree& tree_;
    TempDir proc_;
};

}  // namespace slotd::fakes
