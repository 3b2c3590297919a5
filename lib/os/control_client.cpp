#include "os/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/time.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"
#include "os/unix_address.hpp"

namespace slotd::os {

namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

using SteadyClock = std::chrono::steady_clock;

/// For poll(2): rounded up, so that it does not spin through the last millisecond; -1 for never.
int poll_time(const std::optional<SteadyClock::time_point>& deadline) {
    if (!deadline) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - SteadyClock::now());
    return static_cast<int>(
        std::clamp<long long>(left.count(), 0, std::numeric_limits<int>::max()));
}

enum class Woken { Socket, Interrupt, Nothing };

Woken wait_for(int socket, short events, int interrupt,
               const std::optional<SteadyClock::time_point>& deadline) {
    for (;;) {
        std::array<pollfd, 2> waiting{{{socket, events, 0}, {interrupt, POLLIN, 0}}};
        const int count = ::poll(waiting.data(), waiting.size(), poll_time(deadline));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return Woken::Nothing;
        }
        return waiting[1].revents != 0 ? Woken::Interrupt : Woken::Socket;
    }
}

}  // namespace

Result<ControlClient> ControlClient::connect(const std::string& path) {
    const auto address = unix_address(path);
    if (!address) {
        return std::unexpected(address.error());
    }
    // Non-blocking from the start: with a full backlog a blocking connect could wait for ever.
    UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address),
                             sizeof *address) != 0) {
        return std::unexpected(os_error(errno, "connect to " + path));
    }
    return ControlClient(std::move(socket));
}

Status ControlClient::send(std::string_view message, Duration time) {
    const auto deadline = SteadyClock::now() + time;
    while (!message.empty()) {
        const ssize_t written = ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
        if (written >= 0) {
            message.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return {};
        } else if (errno == EAGAIN) {
            if (wait_for(socket_.get(), POLLOUT, -1, deadline) == Woken::Nothing) {
                return failure(ErrorKind::TimedOut, "send the request");
            }
        } else if (errno != EINTR) {
            return std::unexpected(os_error(errno, "send the request"));
        }
    }
    return {};
}

Result<std::optional<std::string>> ControlClient::receive(std::optional<Duration> time,
                                                          int interrupt) {
    std::optional<SteadyClock::time_point> deadline;
    if (time) {
        deadline = SteadyClock::now() + *time;
    }
    for (;;) {
        if (auto message = framing_.next()) {
            return message;
        }
        if (framing_.broken()) {
            return failure(ErrorKind::Overflow, "read slotd's reply within 16 MiB");
        }
        const Woken woken = wait_for(socket_.get(), POLLIN, interrupt, deadline);
        if (woken == Woken::Interrupt) {
            return std::optional<std::string>{};
        }
        if (woken == Woken::Nothing) {
            return failure(ErrorKind::TimedOut, "get an answer from slotd in time");
        }
        std::string buffer(kReadBytes, '\0');
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) {
            return failure(ErrorKind::NotFound, "read slotd's reply: it ended the connection");
        }
        if (got > 0) {
            framing_.push(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
        } else if (errno != EAGAIN && errno != EINTR) {
            return std::unexpected(os_error(errno, "read slotd's reply"));
        }
    }
}

}  // namespace slotd::os
