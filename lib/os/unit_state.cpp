#include "os/unit_state.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <expected>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "os/clock.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

constexpr Duration kPatience = std::chrono::seconds(5);
constexpr std::size_t kBytesMax = std::size_t{16} * 1024;

/// Starts it with its stdout at `said`; 0 or an errno.
int start(const std::string& unit, int said, pid_t& pid) {
    std::array<std::string, 5> words{
        "systemctl", "show", "--no-pager",
        "--property=LoadState,ActiveState,SubState,UnitFileState,Result", unit};
    std::array<char*, words.size() + 1> arguments{};
    for (std::size_t index = 0; index < words.size(); ++index) {
        arguments[index] = words[index].data();
    }
    posix_spawn_file_actions_t files{};
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, said, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int error =
        ::posix_spawnp(&pid, words[0].c_str(), &files, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    return error;
}

/// To its end, or until the time is over or it is too much.
Result<std::string> read_all(int said) {
    const Instant deadline = read_clock() + kPatience;
    std::string text;
    while (text.size() < kBytesMax) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - read_clock()).count();
        pollfd waiting{.fd = said, .events = POLLIN, .revents = 0};
        if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) == 0) {
            return failure(ErrorKind::TimedOut, "hear from systemctl");
        }
        std::array<char, 1024> buffer{};
        const ssize_t got = ::read(said, buffer.data(), buffer.size());
        if (got == 0) {
            return text;
        }
        if (got > 0) {
            text.append(buffer.data(), static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            return std::unexpected(os_error(errno, "hear from systemctl"));
        }
    }
    return failure(ErrorKind::Overflow, "hear from systemctl");
}

}  // namespace

Result<std::string> unit_properties(const std::string& unit) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::unexpected(os_error(errno, "make a pipe"));
    }
    const UniqueFd said{ends[0]};
    UniqueFd theirs{ends[1]};
    pid_t pid = -1;
    if (const int error = start(unit, theirs.get(), pid); error != 0) {
        return std::unexpected(os_error(error, "start systemctl"));
    }
    theirs.reset();
    auto text = read_all(said.get());
    if (!text) {
        (void)::kill(pid, SIGKILL);
    }
    (void)::waitpid(pid, nullptr, 0);
    return text;
}

}  // namespace slotd::os
