#include "daemon/hook_runner/run_program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "os/clock.hpp"
#include "os/unique_fd.hpp"

namespace slotd::hook_runner {

namespace {

constexpr std::size_t kWordsMax = 4096;  // of what it says we keep no more

/// posix_spawn's two objects, with their ends.
struct Spawn {
    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};

    Spawn() {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
    }

    ~Spawn() {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }

    Spawn(const Spawn&) = delete;
    Spawn& operator=(const Spawn&) = delete;
};

int spawn(pid_t& pid, const std::string& path, const char* argument,
          const std::vector<std::string>& environment, int said) {
    Spawn how;
    ::posix_spawn_file_actions_addopen(&how.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&how.files, said, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&how.files, said, STDERR_FILENO);
    ::posix_spawnattr_setflags(&how.attributes, POSIX_SPAWN_SETPGROUP);
    std::array<char*, 3> arguments{const_cast<char*>(path.c_str()), const_cast<char*>(argument),
                                   nullptr};
    std::vector<char*> variables;
    for (const std::string& variable : environment) {
        variables.push_back(const_cast<char*>(variable.c_str()));
    }
    variables.push_back(nullptr);
    return ::posix_spawn(&pid, path.c_str(), &how.files, &how.attributes, arguments.data(),
                         variables.data());
}

int left_ms(Instant deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - os::read_clock()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
}

/// Passes on what is there to read; false at the end of it.
bool pass_on(int fd, std::string& words) {
    std::array<char, 512> piece{};
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got <= 0) {
        return got < 0 && (errno == EINTR || errno == EAGAIN);
    }
    const auto length = static_cast<std::size_t>(got);
    (void)!::write(STDERR_FILENO, piece.data(), length);
    words.append(piece.data(), std::min(length, kWordsMax - std::min(kWordsMax, words.size())));
    return true;
}

/// Until the process ends, not until all that it has started close their end; false at the
/// deadline.
bool hear_out(pid_t pid, int said, std::string& words, Instant deadline) {
    // By its number: glibc 2.36 declares pidfd_open() for C alone.
    const os::UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    std::array<pollfd, 2> waiting{{{process.get(), POLLIN, 0}, {said, POLLIN, 0}}};
    for (;;) {
        const int ready = ::poll(waiting.data(), waiting.size(), left_ms(deadline));
        if (ready == 0) {
            return false;
        }
        if (ready > 0 && waiting[1].revents != 0 && !pass_on(said, words)) {
            waiting[1].fd = -1;
        } else if (ready > 0 && waiting[0].revents != 0 && waiting[1].revents == 0) {
            return true;
        }
    }
}

std::string first_line(const std::string& words) {
    return words.substr(0, words.find('\n'));
}

}  // namespace

Ended run_program(const std::string& path, const char* argument,
                  const std::vector<std::string>& environment, Instant deadline) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return {false, fmt::format("cannot be run: {}", std::strerror(errno))};
    }
    const os::UniqueFd ours{ends[0]};
    os::UniqueFd theirs{ends[1]};
    pid_t pid = 0;
    if (const int error = spawn(pid, path, argument, environment, theirs.get()); error != 0) {
        return {false, fmt::format("cannot be run: {}", std::strerror(error))};
    }
    theirs.reset();
    std::string words;
    const bool ended = hear_out(pid, ours.get(), words, deadline);
    if (!ended) {
        (void)::kill(-pid, SIGKILL);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!ended) {
        return {false, "did not end in time"};
    }
    if (WIFSIGNALED(status)) {
        return {false, fmt::format("was ended by signal {}", WTERMSIG(status))};
    }
    const int code = WEXITSTATUS(status);
    const std::string line = first_line(words);
    return {code == 0, line.empty() ? fmt::format("ended with exit code {}", code) : line};
}

}  // namespace slotd::hook_runner
