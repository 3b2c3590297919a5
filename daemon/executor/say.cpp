#include "daemon/executor/say.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "action/record.hpp"

namespace slotd::executor {

namespace {

/// What stderr did not take, of this process: a worker does not say what its parent has lost.
struct Unsaid {
    pid_t process = 0;
    std::uint64_t lines = 0;
};

Unsaid unsaid;

/// True where all of it was taken at once. A journald that hangs lets the stream of a service fill
/// up; whoever waits for it then waits with gates closed.
bool take_at_once(const std::string& line) {
    ssize_t taken = ::send(STDERR_FILENO, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken < 0 && errno == ENOTSOCK) {
        // A pipe that is ready takes a line of less than PIPE_BUF whole (pipe(7)).
        pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
        if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) {
            return false;
        }
        taken = ::write(STDERR_FILENO, line.data(), line.size());
    }
    return std::cmp_equal(taken, line.size());
}

std::string line_of(action::Priority priority, std::string_view text) {
    return fmt::format("<{}>slotd-exec: {}\n", std::to_underlying(priority), text);
}

}  // namespace

void say(action::Priority priority, std::string_view text) {
    if (unsaid.process != ::getpid()) {
        unsaid = {::getpid(), 0};
    }
    if (unsaid.lines != 0 &&
        take_at_once(line_of(action::Priority::Warning,
                             fmt::format("{} lines before this one were lost: stderr did not take "
                                         "them",
                                         unsaid.lines)))) {
        unsaid.lines = 0;
    }
    // Nothing more can be done about it; the outcome says the same to slotd.
    if (unsaid.lines != 0 || !take_at_once(line_of(priority, text))) {
        ++unsaid.lines;
    }
}

}  // namespace slotd::executor
