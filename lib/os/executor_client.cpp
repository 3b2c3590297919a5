#include "os/executor_client.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/effect_wire.hpp"
#include "action/sample_wire.hpp"
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "event/port_sample.hpp"
#include "os/os_error.hpp"
#include "os/passed_fds.hpp"
#include "os/unique_fd.hpp"
#include "os/unix_address.hpp"

namespace slotd::os {

namespace {

// slotd has one effect of its own for each slot in flight and asks again only after an answer, so
// this is far above what is ever needed.
constexpr std::size_t kUnsentMax = 1024;

event::Outcome lost(const char* why) {
    return {event::OutcomeKind::ExecutorLost, 0, why, std::nullopt};
}

/// In the child, between fork and exec: nothing that allocates.
[[noreturn]] void become(char* const* arguments) {
    sigset_t none;
    (void)::sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
    (void)::setpgid(0, 0);
    (void)::execv(arguments[0], arguments);
    ::_exit(127);
}

}  // namespace

ExecutorClient::ExecutorClient(OnOutcome on_outcome, OnEnded on_ended)
    : on_outcome_(std::move(on_outcome)),
      on_ended_(std::move(on_ended)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      room_(std::make_unique_for_overwrite<std::uint8_t[]>(action::kDatagramBytesMax)) {
    // Only out of descriptors could they fail, at the start of the program.
    SLOTD_ASSERT(epoll_ && wakeup_ && watch(wakeup_.get()));
}

ExecutorClient::~ExecutorClient() = default;

Status ExecutorClient::watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        return std::unexpected(os_error(errno, "watch a descriptor"));
    }
    return {};
}

void ExecutorClient::wake() {
    const std::uint64_t one = 1;
    // Fails only where it is as awake as it can be.
    [[maybe_unused]] const ssize_t written = ::write(wakeup_.get(), &one, sizeof one);
}

Status ExecutorClient::launch(const std::vector<std::string>& command) {
    SLOTD_ASSERT(!command.empty());
    if (pid_ > 0 || socket_) {
        return failure(ErrorKind::Busy, "start another slotd-exec");
    }
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return std::unexpected(os_error(errno, "make a socket pair"));
    }
    UniqueFd mine{ends[0]};
    // Without CLOEXEC, for slotd-exec only: slotd has one thread that starts programs.
    const UniqueFd theirs{::fcntl(ends[1], F_DUPFD, 3)};
    const UniqueFd original{ends[1]};
    if (!theirs) {
        return std::unexpected(os_error(errno, "pass a socket"));
    }
    std::vector<std::string> words = command;
    words.insert(words.end(), {"--fd", std::to_string(theirs.get())});
    std::vector<char*> arguments;
    std::ranges::transform(words, std::back_inserter(arguments),
                           [](std::string& word) { return word.data(); });
    arguments.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        become(arguments.data());
    }
    if (pid < 0) {
        return std::unexpected(os_error(errno, "start " + command.front()));
    }
    pid_ = pid;
    // glibc 2.36 declares pidfd_open without C linkage.
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process_) {
        return std::unexpected(os_error(errno, "watch " + command.front()));
    }
    if (auto watched = watch(process_.get()); !watched) {
        return watched;
    }
    return adopt(std::move(mine));
}

Status ExecutorClient::adopt(UniqueFd socket) {
    if (socket_) {
        return failure(ErrorKind::Busy, "use another slotd-exec");
    }
    socket_ = std::move(socket);
    return watch(socket_.get());
}

Status ExecutorClient::connect(const std::string& path) {
    const auto address = unix_address(path);
    if (!address) {
        return std::unexpected(address.error());
    }
    // Non-blocking: with a full backlog EAGAIN, unix(7).
    UniqueFd socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address),
                             sizeof *address) != 0) {
        return std::unexpected(os_error(errno, "connect to " + path));
    }
    return adopt(std::move(socket));
}

void ExecutorClient::start(event::EffectId id, const action::Effect& effect) {
    if (!socket_) {
        local_.push_back({id, lost("slotd-exec is not there")});
        wake();
        return;
    }
    if (std::holds_alternative<action::ObserveSlot>(effect)) {
        if (looking_.size() >= kLooksAtOnceMax) {
            asked_.insert(id);
            looks_.emplace_back(id, effect);
            return;
        }
        looking_.insert(id);
    }
    send_request(id, action::encode(action::EffectRequest{id, effect}));
}

void ExecutorClient::sample(event::EffectId id, std::vector<event::PortSample> ports) {
    if (!socket_) {
        local_.push_back({id, lost("slotd-exec is not there")});
        wake();
        return;
    }
    send_request(id, action::encode(action::SampleRequest{id, std::move(ports)}));
}

void ExecutorClient::send_request(event::EffectId id, Bytes request) {
    if (unsent_.size() >= kUnsentMax) {
        looking_.erase(id);
        asked_.erase(id);
        local_.push_back(
            {id, event::Outcome{event::OutcomeKind::Refused, 0,
                                "too many requests wait for slotd-exec", std::nullopt}});
        wake();
        return;
    }
    asked_.insert(id);
    unsent_.push_back(std::move(request));
    flush();
}

void ExecutorClient::lend(event::EffectId id, const action::Effect& effect,
                          std::span<const UniqueFd> fds) {
    if (!socket_ || fds.empty()) {
        start(id, effect);  // slotd-exec says what a loan of nothing is
        return;
    }
    // Requests go out in the order in which they were asked for.
    const Bytes request = action::encode(action::EffectRequest{id, effect});
    if (!unsent_.empty() ||
        send_with_fds(socket_.get(), request, fds, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        local_.push_back({id, event::Outcome{event::OutcomeKind::Refused, 0,
                                             "slotd-exec does not take the descriptors now; lend "
                                             "them again",
                                             std::nullopt}});
        wake();
        return;
    }
    asked_.insert(id);
}

void ExecutorClient::flush() {
    while (socket_ && !unsent_.empty()) {
        const Bytes& next = unsent_.front();
        // A full socket empties while slotd-exec answers, and each answer brings us back here. An
        // end that is gone is seen by the next read, where its effects are answered.
        if (::send(socket_.get(), next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            return;
        }
        unsent_.pop_front();
    }
}

void ExecutorClient::readable() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wakeup_.get(), &count, sizeof count);
    receive_all();
    flush();
    deliver_local();
    const bool reaped = reap();
    if (reaped) {
        // What it sent before it ended may have come after the last look.
        receive_all();
        disconnect();
        deliver_local();
    }
    if (reaped || ended_untold_) {
        ended_untold_ = false;
        on_ended_(std::exchange(how_ended_, {}));
    }
}

void ExecutorClient::receive_all() {
    while (socket_) {
        const ssize_t got =
            ::recv(socket_.get(), room_.get(), action::kDatagramBytesMax, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (got <= 0) {
            disconnect();
            // With a process of ours, its end tells how; without, the end of the socket is all
            // there is.
            if (pid_ < 0) {
                how_ended_ = "connection closed";
                ended_untold_ = true;
            }
            return;
        }
        auto report =
            event::decode_outcome_report(std::span(room_.get(), static_cast<std::size_t>(got)));
        // slotd-exec is our own program: what cannot be read is of another version, and its effect
        // is answered when the conversation ends.
        if (report) {
            deliver(report->id, std::move(report->outcome));
        }
    }
}

void ExecutorClient::deliver(event::EffectId id, event::Outcome outcome) {
    const bool known = asked_.erase(id) != 0 || wedged_.erase(id) != 0;
    if (!known) {
        return;  // answered before, and not wedged
    }
    if (outcome.kind == event::OutcomeKind::TimedOut) {
        wedged_.insert(id);
    }
    look_ended(id);
    on_outcome_(id, std::move(outcome));
}

void ExecutorClient::look_ended(event::EffectId id) {
    looking_.erase(id);
    while (looking_.size() < kLooksAtOnceMax && !looks_.empty()) {
        const auto [next, effect] = std::move(looks_.front());
        looks_.pop_front();
        looking_.insert(next);
        send_request(next, action::encode(action::EffectRequest{next, effect}));
    }
}

void ExecutorClient::deliver_local() {
    std::deque<Local> now;
    now.swap(local_);  // what the callbacks start belongs to the next turn
    for (Local& one : now) {
        on_outcome_(one.id, std::move(one.outcome));
    }
}

void ExecutorClient::disconnect() {
    socket_.reset();  // leaves the epoll set by itself
    unsent_.clear();
    looks_.clear();
    looking_.clear();
    // A wedged one was answered; its worker has nobody left to tell.
    wedged_.clear();
    for (const event::EffectId id : std::exchange(asked_, {})) {
        local_.push_back({id, lost("slotd-exec ended before it answered")});
    }
    if (!local_.empty()) {
        wake();
    }
}

bool ExecutorClient::reap() {
    int status = 0;
    if (pid_ < 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) {
        return false;
    }
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    how_ended_ = WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                                   : "signal " + std::to_string(WTERMSIG(status));
    pid_ = -1;
    process_.reset();
    return true;
}

Status ExecutorClient::close_and_wait(Duration patience) {
    const bool ours = pid_ > 0;
    if (!ours && !socket_) {
        return {};
    }
    // Of one that is not our child only the socket tells: the other end lives as long as it does.
    UniqueFd kept;
    if (!ours) {
        (void)::shutdown(socket_.get(), SHUT_WR);
        kept = std::move(socket_);
    }
    disconnect();
    pollfd end{.fd = kept.get(), .events = 0, .revents = 0};
    if (ours) {
        end = {.fd = process_.get(), .events = POLLIN, .revents = 0};
    }
    const auto patience_ms = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
    const int ready =
        ::poll(&end, 1, static_cast<int>(std::min<std::int64_t>(patience_ms, INT_MAX)));
    if (ready == 0 || (ours && !reap())) {
        return failure(ErrorKind::TimedOut, "see slotd-exec open all gates and end");
    }
    if (exit_code_ != 0) {
        return failure(ErrorKind::Io, "see slotd-exec open all gates (" + how_ended_ + ")");
    }
    return {};
}

Result<std::string> executor_beside_us() {
    std::array<char, PATH_MAX> self{};
    const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size());
    if (length <= 0) {
        return std::unexpected(os_error(errno, "find this program"));
    }
    const std::string_view path(self.data(), static_cast<std::size_t>(length));
    std::string beside = std::string(path.substr(0, path.rfind('/'))) + "/slotd-exec";
    if (::access(beside.c_str(), X_OK) != 0) {
        return std::unexpected(os_error(errno, "find " + beside));
    }
    return beside;
}

}  // namespace slotd::os
