#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/vfio_calls.hpp"
#include "tests/fakes/fake_sysfs.hpp"

namespace slotd::fakes {

/// VFIO over a FakeSysfs. A descriptor is open on a file in dev/vfio of the tree, so it says what
/// it is in any process that it is handed to; what was done with it is in that file. A group has
/// one opener at a time (a lock, which goes with the descriptor). Who may be reset comes from the
/// tree: everything below the port of the function that was asked; its drivers and groups are
/// looked at as the kernel does. Each hot reset is one line in dev/vfio/resets.
class FakeVfio final : public os::VfioCalls {
public:
    explicit FakeVfio(std::string root) : root_(std::move(root)) {}

    /// What /sys and /dev have once a group has members, and its functions are bound to vfio-pci.
    static void add_group(const FakeSysfs& sysfs, unsigned group,
                          const std::vector<std::string>& functions);
    /// The node of one function's own: "devices/vfio3". `iommufd` false: it is bound to none.
    static void add_cdev(const FakeSysfs& sysfs, unsigned number, const std::string& function,
                         bool iommufd);
    /// The lines of dev/vfio/resets.
    static std::string resets(const FakeSysfs& sysfs);

    /// The next such call fails; `times` of them.
    void fail(unsigned long request, int os_errno, int times = 1);
    /// Opening that file fails once ("vfio", "7").
    void fail_open(const std::string& name, int os_errno);

    /// Instead of what the tree has: functions that a hot reset affects. One that grows by this
    /// much between two questions.
    std::optional<std::vector<std::string>> affected;
    std::uint32_t grows_by = 0;
    /// Instead of the true number of entries.
    std::optional<std::uint32_t> count;
    /// Of entries by device id: not owned by the iommufd.
    std::vector<std::string> not_owned;
    bool viable = true;

    int open(const std::string& name) const override;
    int ioctl(int fd, unsigned long request, void* argument) const override;
    std::optional<os::DeviceNumber> number_of(int fd) const override;

private:
    int planned(unsigned long request) const;
    std::string name_of(int fd) const;
    std::string function_of(const std::string& name) const;
    std::string group_of(const std::string& function) const;
    std::string driver_of(const std::string& function) const;
    std::vector<std::string> functions_with(const std::string& function) const;
    int open_device(int group, const char* function) const;
    int reset_info(int device, void* argument) const;
    int hot_reset(int device, const void* argument) const;

    std::string root_;
    mutable std::map<unsigned long, std::deque<int>> errors_;
    mutable std::map<std::string, int> open_errors_;
    mutable std::uint32_t asked_ = 0;
};

}  // namespace slotd::fakes
