#include "os/vfio_calls.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <optional>
#include <string>

namespace slotd::os {

namespace {

class KernelVfio final : public VfioCalls {
public:
    int open(const std::string& name) const override {
        const int fd = ::open(("/dev/vfio/" + name).c_str(), O_RDWR | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
    }

    int ioctl(int fd, unsigned long request, void* argument) const override {
        const int answer = ::ioctl(fd, request, argument);
        return answer < 0 ? -errno : answer;
    }

    std::optional<DeviceNumber> number_of(int fd) const override {
        struct stat found {};

        if (::fstat(fd, &found) != 0 || !S_ISCHR(found.st_mode)) {
            return std::nullopt;
        }
        return DeviceNumber{major(found.st_rdev), minor(found.st_rdev)};
    }
};

}  // namespace

const VfioCalls& kernel_vfio() {
    static const KernelVfio calls;
    return calls;
}

}  // namespace slotd::os
