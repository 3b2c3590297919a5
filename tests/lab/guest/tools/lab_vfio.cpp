// SPDX-License-Identifier: GPL-2.0-or-later
//
// lab-vfio reset FUNCTION...
//     one hot reset of the first one's card, by whoever owns them all
// lab-vfio hold FUNCTION...
//     owns them until it is ended, as a virtual machine would
// lab-vfio lend SOCKET FUNCTION...
//     owns them, asks slotd for the reset and lends it what is open
//
// The functions have to be bound to vfio-pci; their groups are opened, each once. Prints one JSON
// line: what the kernel says a hot reset of the first function affects, errno of the reset (0: it
// was done; -1: not tried by this process), slotd's reply, and the first four bytes of the first
// function's config space as its owner reads them afterwards.
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <string>
#include <utility>
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

int connect_to(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
        fail(path);
    }
    return fd;
}

/// The call and the descriptors in one message.
void send_with(int socket_fd, std::string bytes, const std::vector<int>& lent) {
    iovec part{bytes.data(), bytes.size()};
    const std::size_t size = lent.size() * sizeof(int);
    std::vector<char> room(CMSG_SPACE(size));
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(header), lent.data(), size);
    if (::sendmsg(socket_fd, &message, 0) != static_cast<ssize_t>(bytes.size())) {
        fail("send");
    }
}

std::string reply_from(int socket_fd) {
    std::string reply;
    while (reply.empty() || reply.back() != '\0') {
        char buffer[4096];
        const ssize_t got = ::read(socket_fd, buffer, sizeof(buffer));
        if (got <= 0) {
            fail("no reply");
        }
        reply.append(buffer, static_cast<std::size_t>(got));
    }
    reply.pop_back();
    return reply;
}

/// All groups: whoever has them can open the functions.
std::string lend(const std::string& socket, const std::string& function, const Owned& owned) {
    std::string call = R"({"method": "io.slotd.Coordinator.Reset", "parameters": {"target": ")" +
                       function +
                       R"(", "method": "vfio", "lend": true, "reason": "the owner asks", )"
                       R"("wait": true}})";
    call.push_back('\0');
    std::vector<int> lent;
    std::ranges::transform(owned.group_fds, std::back_inserter(lent),
                           [](const auto& group) { return group.second; });
    const int socket_fd = connect_to(socket);
    send_with(socket_fd, std::move(call), lent);
    return reply_from(socket_fd);
}

std::string first_bytes(int device_fd) {
    vfio_region_info region{};
    region.argsz = sizeof(region);
    region.index = VFIO_PCI_CONFIG_REGION_INDEX;
    unsigned char bytes[4] = {};
    if (::ioctl(device_fd, VFIO_DEVICE_GET_REGION_INFO, &region) != 0 ||
        ::pread(device_fd, bytes, sizeof(bytes), static_cast<off_t>(region.offset)) != 4) {
        fail("config space");
    }
    char text[16];
    std::snprintf(text, sizeof(text), "%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3]);
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string verb = argc > 2 ? argv[1] : "";
    const int first = verb == "lend" ? 3 : 2;
    if ((verb != "reset" && verb != "hold" && verb != "lend") || argc <= first) {
        std::fputs("usage: lab-vfio reset|hold FUNCTION... | lab-vfio lend SOCKET FUNCTION...\n",
                   stderr);
        return 2;
    }
    const Owned owned = own(std::vector<std::string>(argv + first, argv + argc));
    const std::string functions = affected(owned.device_fds.front());
    const int error = verb == "reset" ? hot_reset(owned) : -1;
    const std::string reply = verb == "lend" ? lend(argv[2], argv[first], owned) : "null";
    std::printf("{\"affected\": [%s], \"error\": %d, \"reply\": %s, \"config\": \"%s\"}\n",
                functions.c_str(), error, reply.c_str(),
                first_bytes(owned.device_fds.front()).c_str());
    std::fflush(stdout);
    while (verb == "hold") {
        (void)::pause();
    }
    return 0;
}
