#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "os/unique_fd.hpp"

namespace slotd::os {

/// Descriptors that travel with one message: one for each IOMMU group of a card at the most.
inline constexpr std::size_t kPassedFdsMax = 64;

/// sendmsg(2) of one datagram with these descriptors (SCM_RIGHTS). The caller keeps his, and may
/// close them at once: what is on the way is the kernel's, and is closed if nobody receives it.
/// What sendmsg returns; -1 and EINVAL for too many.
ssize_t send_with_fds(int socket, std::span<const std::uint8_t> datagram,
                      std::span<const UniqueFd> fds, int flags);

/// What came with a datagram. `cut`: there were more than kPassedFdsMax; none of them is kept.
struct PassedFds {
    std::vector<UniqueFd> fds;
    bool cut = false;
};

/// recvmsg(2) into `room`, close-on-exec. What recvmsg returns.
ssize_t receive_with_fds(int socket, std::span<std::uint8_t> room, PassedFds& passed, int flags);

}  // namespace slotd::os
