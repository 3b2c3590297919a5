// SPDX-License-Identifier: GPL-2.0-or-later
//
// lab-vfio reset FUNCTION...           one hot reset of the first one's card by whoever owns them
// all lab-vfio hold FUNCTION...            owns them until it is ended, as a virtual machine would
//
// The functions have to be bound to vfio-pci; their groups are opened, each once. Prints one JSON
// line: what the kernel says a hot reset of the first function affects, and errno of the reset (0:
// it was done; -1: not tried).
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kAffectedMax = 64;

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "lab-vfio: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

std::string group_of(const std::string& function) {
    char target[256] = {};
    const std::string link = "/sys/bus/pci/devices/" + function + "/iommu_group";
    if (::readlink(link.c_str(), target, sizeof(target) - 1) < 0) {
        fail(link);
    }
    return std::strrchr(target, '/') + 1;
}

int open_group(const std::string& name, int container_fd, bool first) {
    const int fd = ::open(("/dev/vfio/" + name).c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        fail("group " + name);
    }
    if (::ioctl(fd, VFIO_GROUP_SET_CONTAINER, &container_fd) != 0) {
        fail("container of group " + name);
    }
    // Possible only once there is a group, and only once.
    if (first && ::ioctl(container_fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) != 0) {
        fail("IOMMU of the container");
    }
    return fd;
}

/// Whatever is open here stays open until the process ends; its end is the release.
struct Owned {
    std::map<std::string, int> group_fds;
    std::vector<int> device_fds;
};

Owned own(const std::vector<std::string>& functions) {
    const int container_fd = ::open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
    if (container_fd < 0) {
        fail("/dev/vfio/vfio");
    }
    Owned owned;
    for (const std::string& function : functions) {
        const std::string group = group_of(function);
        if (!owned.group_fds.contains(group)) {
            owned.group_fds[group] = open_group(group, container_fd, owned.group_fds.empty());
        }
        const int fd = ::ioctl(owned.group_fds[group], VFIO_GROUP_GET_DEVICE_FD, function.c_str());
        if (fd < 0) {
            fail("device " + function);
        }
        owned.device_fds.push_back(fd);
    }
    return owned;
}

std::string affected(int device_fd) {
    alignas(vfio_pci_hot_reset_info) char
        room[sizeof(vfio_pci_hot_reset_info) + kAffectedMax * sizeof(vfio_pci_dependent_device)]{};
    auto* const info = reinterpret_cast<vfio_pci_hot_reset_info*>(room);
    info->argsz = sizeof(room);
    if (::ioctl(device_fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info) != 0) {
        fail("hot reset info");
    }
    std::string list;
    for (std::uint32_t i = 0; i < info->count; ++i) {
        const vfio_pci_dependent_device& one = info->devices[i];
        char text[32];
        std::snprintf(text, sizeof(text), "%s\"%04x:%02x:%02x.%x\"", i == 0 ? "" : ", ",
                      one.segment, one.bus, one.devfn >> 3, one.devfn & 7U);
        list += text;
    }
    return list;
}

int hot_reset(const Owned& owned) {
    std::vector<char> room(sizeof(vfio_pci_hot_reset) +
                           owned.group_fds.size() * sizeof(std::int32_t));
    auto* const request = reinterpret_cast<vfio_pci_hot_reset*>(room.data());
    request->argsz = static_cast<std::uint32_t>(room.size());
    request->count = 0;
    for (const auto& [name, fd] : owned.group_fds) {
        request->group_fds[request->count++] = fd;
    }
    return ::ioctl(owned.device_fds.front(), VFIO_DEVICE_PCI_HOT_RESET, request) == 0 ? 0 : errno;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string verb = argc > 2 ? argv[1] : "";
    if (verb != "reset" && verb != "hold") {
        std::fputs("usage: lab-vfio reset|hold FUNCTION...\n", stderr);
        return 2;
    }
    const Owned owned = own(std::vector<std::string>(argv + 2, argv + argc));
    const std::string functions = affected(owned.device_fds.front());
    const int error = verb == "reset" ? hot_reset(owned) : -1;
    std::printf("{\"affected\": [%s], \"error\": %d}\n", functions.c_str(), error);
    std::fflush(stdout);
    while (verb == "hold") {
        (void)::pause();
    }
    return 0;
}
