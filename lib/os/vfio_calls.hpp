#pragma once

#include <optional>
#include <string>

namespace slotd::os {

/// A character device's number.
struct DeviceNumber {
    unsigned major = 0;
    unsigned minor = 0;
    bool operator==(const DeviceNumber&) const = default;
};

/// The system calls that VFIO takes. The kernel's, or in tests those of a fake with behaviour of
/// its own. Errors are returned as -errno.
class VfioCalls {
public:
    virtual ~VfioCalls() = default;

    /// Opens a file of /dev/vfio for reading and writing: "vfio", "7", "noiommu-7".
    virtual int open(const std::string& name) const = 0;
    virtual int ioctl(int fd, unsigned long request, void* argument) const = 0;
    /// What a descriptor is open on; nullopt where that is no character device.
    virtual std::optional<DeviceNumber> number_of(int fd) const = 0;
};

const VfioCalls& kernel_vfio();

}  // namespace slotd::os
