#include "os/passed_fds.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

/// Room for control data, as cmsg(3) wants it aligned.
struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, CMSG_SPACE(kPassedFdsMax * sizeof(int))> bytes{};
};

void take_all(msghdr& message, std::vector<UniqueFd>& fds) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t index = 0; index < count; ++index) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + index * sizeof fd, sizeof fd);
            fds.emplace_back(fd);
        }
    }
}

}  // namespace

ssize_t send_with_fds(int socket, std::span<const std::uint8_t> datagram,
                      std::span<const UniqueFd> fds, int flags) {
    if (fds.size() > kPassedFdsMax) {
        errno = EINVAL;
        return -1;
    }
    // sendmsg does not write to it; iovec has no const.
    iovec bytes{.iov_base = const_cast<std::uint8_t*>(datagram.data()), .iov_len = datagram.size()};
    Control control;
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control.bytes.data();
        message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        cmsghdr* const part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        for (std::size_t index = 0; index < fds.size(); ++index) {
            const int fd = fds[index].get();
            std::memcpy(CMSG_DATA(part) + index * sizeof fd, &fd, sizeof fd);
        }
    }
    return ::sendmsg(socket, &message, flags);
}

ssize_t receive_with_fds(int socket, std::span<std::uint8_t> room, PassedFds& passed, int flags) {
    iovec bytes{.iov_base = room.data(), .iov_len = room.size()};
    Control control;
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    const ssize_t got = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    if (got < 0) {
        return got;
    }
    take_all(message, passed.fds);
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        passed.fds.clear();
        passed.cut = true;
    }
    return got;
}

}  // namespace slotd::os
