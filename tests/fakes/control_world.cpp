#include "tests/fakes/control_world.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "control/control_service.hpp"
#include "os/control_socket.hpp"

namespace slotd::fakes {

namespace {

std::string new_directory() {
    std::string pattern = std::filesystem::temp_directory_path() / "slotd-control-XXXXXX";
    SLOTD_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    SLOTD_ASSERT(::chmod(pattern.c_str(), 0755) == 0);  // other users come too
    return pattern;
}

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Between fork and exec: only what is safe there.
[[noreturn]] void become(std::vector<char*> argv, int out, int error, std::optional<uid_t> uid) {
    const bool redirected = ::dup2(out, STDOUT_FILENO) >= 0 && ::dup2(error, STDERR_FILENO) >= 0;
    const bool changed =
        !uid || (::setgroups(0, nullptr) == 0 && ::setgid(*uid) == 0 && ::setuid(*uid) == 0);
    if (redirected && changed) {
        ::execv(argv.front(), argv.data());
    }
    ::_exit(127);
}

}  // namespace

ControlWorld::ControlWorld(control::ClientLimits limits)
    : directory(new_directory()),
      path(directory + "/socket"),
      service(backend, {.version = "9.9",
                        .groups = {.readers = {}, .operators = ::getgid()},
                        .limits = limits}) {
    backend.machine = small_machine();
    auto opened = os::ControlSocket::open(service, {.path = path});
    SLOTD_ASSERT(opened.has_value());
    socket = std::move(*opened);
}

ControlWorld::~ControlWorld() {
    std::filesystem::remove_all(directory);
}

bool ControlWorld::pump_until(const std::function<bool()>& reached, int also) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (!reached()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            return false;
        }
        std::array<pollfd, 2> waiting{{{socket ? socket->fd() : -1, POLLIN, 0}, {also, POLLIN, 0}}};
        // A moment at most: `reached` may depend on a file that a child writes.
        (void)::poll(waiting.data(), waiting.size(), 20);
        if (socket && waiting[0].revents != 0) {
            socket->ready();
        }
    }
    return true;
}

RawClient::RawClient(ControlWorld& world)
    : world_(world),
      fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, world.path.data(), world.path.size());
    SLOTD_ASSERT(
        ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

bool RawClient::write(std::string_view bytes) {
    bool closed = false;
    const bool written = world_.pump_until([&] {
        while (!bytes.empty() && !closed) {
            const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count < 0) {
                closed = errno != EAGAIN;
                break;
            }
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return bytes.empty() || closed;
    });
    return written && !closed;
}

bool RawClient::write_some(std::string_view bytes) {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0 || errno == EAGAIN;
}

bool RawClient::write_with(std::string_view bytes, const std::vector<int>& descriptors) {
    const std::size_t length = descriptors.size() * sizeof(int);
    std::vector<char> control(CMSG_SPACE(length));
    iovec data{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(length);
    std::memcpy(CMSG_DATA(header), descriptors.data(), length);
    return ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

bool RawClient::fill() {
    std::array<char, 65536> bytes{};
    const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) {
        buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    end_ = end_ || got == 0 || (got < 0 && errno != EAGAIN);
    return got > 0;
}

std::optional<std::string> RawClient::read() {
    std::size_t end = std::string::npos;
    const bool found = world_.pump_until(
        [&] {
            end = buffer_.find('\0');
            return end != std::string::npos || (!fill() && end_);
        },
        fd_.get());
    if (!found || end == std::string::npos) {
        return std::nullopt;
    }
    std::string message = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return message;
}

bool RawClient::read_end() {
    return !read().has_value() && end_ && buffer_.empty();
}

void RawClient::half_close() {
    (void)::shutdown(fd_.get(), SHUT_WR);
}

Child::Child(ControlWorld& world, std::vector<std::string> command, std::optional<uid_t> uid)
    : world_(world) {
    static int count = 0;
    stem_ = world.directory + "/child" + std::to_string(++count);
    const auto create = [](const std::string& name) {
        return os::UniqueFd{::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
    };
    const os::UniqueFd out = create(stem_ + ".out");
    const os::UniqueFd error = create(stem_ + ".err");
    std::vector<char*> argv;
    for (std::string& word : command) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        become(std::move(argv), out.get(), error.get(), uid);
    }
    SLOTD_ASSERT(pid_ > 0);
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

Child::~Child() {
    if (pid_ > 0) {
        (void)::kill(pid_, SIGKILL);
        (void)::waitpid(pid_, nullptr, 0);
    }
}

void Child::signal(int number) const {
    (void)::kill(pid_, number);
}

std::string Child::out() const {
    return content(stem_ + ".out");
}

ChildResult Child::wait() {
    int status = 0;
    pid_t ended = 0;
    (void)world_.pump_until(
        [&] {
            ended = ::waitpid(pid_, &status, WNOHANG);
            return ended == pid_;
        },
        pidfd_.get());
    ChildResult result{-1, content(stem_ + ".out"), content(stem_ + ".err")};
    if (ended == pid_) {
        pid_ = -1;
        result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    return result;
}

}  // namespace slotd::fakes
