#include "os/lent_descriptors.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "control/loan.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

/// SCM_MAX_FD. More than are allowed, so that who sends too many is told so.
constexpr std::size_t kDescriptorsOfOneSend = 253;

/// Whatever is in the control message is ours to close, wanted or not.
std::unique_ptr<control::Loan> loan_in(msghdr& message) {
    std::vector<UniqueFd> descriptors;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t index = 0; index < count; ++index) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + index * sizeof fd, sizeof fd);
            descriptors.emplace_back(fd);
        }
    }
    // Cut off: there was no room in our table of descriptors.
    const bool whole = (message.msg_flags & MSG_CTRUNC) == 0;
    if (descriptors.empty() && whole) {
        return nullptr;
    }
    return std::make_unique<LentDescriptors>(std::move(descriptors), whole);
}

}  // namespace

Received receive_with_descriptors(int socket, std::span<char> buffer) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsOfOneSend * sizeof(int))> control{};
    iovec bytes{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    Received received;
    received.length = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (received.length >= 0) {
        received.loan = loan_in(message);
    }
    return received;
}

}  // namespace slotd::os
