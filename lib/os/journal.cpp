#include "os/journal.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "action/record.hpp"
#include "os/journal_text.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

sockaddr_un address_of(std::string_view path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (void)path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    return address;
}

bool is_stream(int fd, std::string_view stream) {
    struct stat status {};

    return !stream.empty() && ::fstat(fd, &status) == 0 &&
           stream == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

UniqueFd journald_socket(std::string_view stream, int stderr_fd, const char* path) {
    if (!is_stream(stderr_fd, stream)) {
        return UniqueFd{};
    }
    UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    // Connected only to see whether journald is there; lines are sent by address, so that they
    // arrive after a restart of journald as well.
    const UniqueFd probe{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const sockaddr_un address = address_of(path);
    if (!socket || !probe ||
        ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return UniqueFd{};
    }
    return socket;
}

// O_NONBLOCK on the inherited descriptor would change it for everybody who shares it; opening the
// pipe again gives flags of our own.
UniqueFd pipe_without_blocking(int stderr_fd) {
    struct stat status {};

    if (::fstat(stderr_fd, &status) != 0 || !S_ISFIFO(status.st_mode)) {
        return UniqueFd{};
    }
    const std::string path = fmt::format("/proc/self/fd/{}", stderr_fd);
    return UniqueFd{::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
}

mode_t type_of(int fd) {
    struct stat status {};

    return ::fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

}  // namespace

Journal::Journal(UniqueFd socket, std::string socket_path, UniqueFd own_stderr, int stderr_fd)
    : socket_(std::move(socket)),
      socket_path_(std::move(socket_path)),
      own_stderr_(std::move(own_stderr)),
      stderr_fd_(stderr_fd),
      stderr_type_(type_of(stderr_fd)) {}

Journal Journal::open(std::string_view stream, int stderr_fd, const char* socket) {
    UniqueFd journald = journald_socket(stream, stderr_fd, socket);
    UniqueFd pipe = journald ? UniqueFd{} : pipe_without_blocking(stderr_fd);
    return Journal{std::move(journald), socket, std::move(pipe), stderr_fd};
}

void Journal::write(const action::Record& record) {
    if (dropped_ != 0 && write_now(dropped_lines(dropped_))) {
        dropped_ = 0;
    }
    // With the count still unsaid this line waits for nothing either: order before completeness.
    if (dropped_ != 0 || !write_now(record)) {
        ++dropped_;
        ++dropped_in_all_;
    }
}

bool Journal::write_now(const action::Record& record) const {
    return socket_ ? send_datagram(journal_datagram(record)) : write_line(stderr_line(record));
}

bool Journal::send_datagram(const std::string& datagram) const {
    const sockaddr_un address = address_of(socket_path_);
    return ::sendto(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                    reinterpret_cast<const sockaddr*>(&address), sizeof address) >= 0;
}

bool Journal::write_line(const std::string& line) const {
    if (own_stderr_) {
        return std::cmp_equal(::write(own_stderr_.get(), line.data(), line.size()), line.size());
    }
    if (stderr_type_ == S_IFSOCK) {
        return std::cmp_equal(
            ::send(stderr_fd_, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT), line.size());
    }
    // A terminal (stopped by ^S it is not ready), or a pipe of another user's.
    pollfd ready{.fd = stderr_fd_, .events = POLLOUT, .revents = 0};
    const bool is_ready =
        stderr_type_ == S_IFREG || (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0);
    return is_ready && std::cmp_equal(::write(stderr_fd_, line.data(), line.size()), line.size());
}

}  // namespace slotd::os
