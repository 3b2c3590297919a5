#include "os/worker_process.hpp"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <memory>
#include <span>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "os/os_error.hpp"
#include "os/passed_fds.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

/// Both ends of the channel and everything else that the parent has open stay behind, but `kept`.
void close_all_but(int kept) {
    const auto fd = static_cast<unsigned>(kept);
    if (fd > 3) {
        (void)::close_range(3, fd - 1, 0);
    }
    (void)::close_range(fd + 1, UINT_MAX, 0);
}

bool peer_is_gone(int channel) {
    pollfd poll_channel{.fd = channel, .events = 0, .revents = 0};
    return ::poll(&poll_channel, 1, 0) == 1 && (poll_channel.revents & (POLLHUP | POLLERR)) != 0;
}

constexpr int kParentDied = SIGUSR1;

/// Of this worker, for its signal handler.
const std::atomic<bool>* called_off_flag = nullptr;

// The parent is gone. Not SIGKILL: a job that was called off has only to undo, and does.
extern "C" void parent_died(int /*signal*/) {
    if (!called_off_flag->load()) {
        ::_exit(1);
    }
}

/// From here on this process does not outlive `parent`.
void end_with(pid_t parent, const std::atomic<bool>& flag) {
    called_off_flag = &flag;

    struct sigaction action {};

    action.sa_handler = parent_died;
    action.sa_flags = SA_RESTART;
    (void)::sigaction(kParentDied, &action, nullptr);
    sigset_t signals;
    (void)::sigemptyset(&signals);
    (void)::sigaddset(&signals, kParentDied);
    (void)::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
    (void)::prctl(PR_SET_PDEATHSIG, kParentDied);
    // Gone before that: nobody sends the signal any more.
    if (::getppid() != parent) {
        ::_exit(1);
    }
}

[[noreturn]] void run(int channel, const std::atomic<bool>& flag, const WorkerProcess::Body& body) {
    (void)::prctl(PR_SET_NAME, "slotd-worker");
    const auto called_off = [&] { return flag.load() || peer_is_gone(channel); };
    Bytes buffer(kWorkerMessageBytesMax);
    while (true) {
        PassedFds passed;
        const ssize_t got = receive_with_fds(channel, buffer, passed, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            ::_exit(0);
        }
        const Bytes answer = body(std::span(buffer).first(static_cast<std::size_t>(got)),
                                  std::move(passed.fds), called_off);
        if (::send(channel, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) {
            ::_exit(0);  // nobody is left to hear it
        }
    }
}

}  // namespace

OneStep::OneStep() {
    sigset_t signals;
    (void)::sigemptyset(&signals);
    (void)::sigaddset(&signals, kParentDied);
    (void)::sigprocmask(SIG_BLOCK, &signals, &before_);
}

OneStep::~OneStep() {
    (void)::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

void WorkerProcess::Unmap::operator()(std::atomic<bool>* flag) const {
    (void)::munmap(flag, sizeof(*flag));
}

WorkerProcess::WorkerProcess(pid_t pid, UniqueFd channel, SharedFlag flag)
    : pid_(pid),
      channel_(std::move(channel)),
      flag_(std::move(flag)) {}

Result<WorkerProcess> WorkerProcess::start(const Body& body) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return std::unexpected(os_error(errno, "make the channel of a worker"));
    }
    UniqueFd mine{ends[0]};
    UniqueFd theirs{ends[1]};
    void* const shared = ::mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return std::unexpected(os_error(errno, "share memory with a worker"));
    }
    SharedFlag flag{new (shared) std::atomic<bool>(false)};

    // Blocked before the fork, so that there is no moment in which the child could be ended by
    // them.
    sigset_t stop_signals;
    sigset_t before;
    (void)::sigemptyset(&stop_signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) {
        (void)::sigaddset(&stop_signals, signal);
    }
    (void)::sigprocmask(SIG_BLOCK, &stop_signals, &before);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    const int fork_errno = errno;
    if (pid == 0) {
        end_with(parent, *flag);
        close_all_but(theirs.get());
        try {
            run(theirs.get(), *flag, body);
        } catch (const std::exception&) {
            ::_exit(1);  // out of memory; the parent sees the channel close and says so
        }
    }
    (void)::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) {
        return std::unexpected(os_error(fork_errno, "start a worker"));
    }
    return WorkerProcess{pid, std::move(mine), std::move(flag)};
}

Status WorkerProcess::assign(std::span<const std::uint8_t> job,
                             std::span<const UniqueFd> lent) const {
    if (send_with_fds(channel_.get(), job, lent, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        return std::unexpected(os_error(errno, "hand a job to a worker"));
    }
    return {};
}

WorkerProcess::Received WorkerProcess::receive() const {
    // Asked often and mostly for nothing: not filled with zeros first.
    const auto buffer = std::make_unique_for_overwrite<std::uint8_t[]>(kWorkerMessageBytesMax);
    const ssize_t got = ::recv(channel_.get(), buffer.get(), kWorkerMessageBytesMax, MSG_DONTWAIT);
    if (got > 0) {
        return {Mail::Answer, Bytes(buffer.get(), buffer.get() + got)};
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return {};
    }
    return {Mail::Ended, {}};
}

}  // namespace slotd::os
