#include "daemon/executor/startup.hpp"

#include <asm-generic/socket.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "action/record.hpp"
#include "base/time.hpp"
#include "daemon/executor/crash_points.hpp"
#include "daemon/executor/file_lock.hpp"
#include "daemon/executor/options.hpp"
#include "daemon/executor/say.hpp"
#include "daemon/executor/server.hpp"
#include "daemon/executor/worker_lock.hpp"
#include "os/sysfs_dir.hpp"
#include "os/trace_events.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio_calls.hpp"

namespace slotd::executor {

using namespace std::chrono_literals;

namespace {

using action::Priority;

// A worker of a slotd-exec that was killed between its fork and its first line still holds the lock
// for a moment.
constexpr Duration kLockPatience = 200ms;
// The end of its slotd-exec ends a worker as soon as the kernel lets it go.
constexpr Duration kWorkersPatience = 2s;

std::unexpected<ExitCode> stop_with(ExitCode code, const std::string& why) {
    say(Priority::Error, why);
    return std::unexpected(code);
}

std::string errno_text(int os_errno) {
    return std::generic_category().message(os_errno);
}

bool is_seqpacket(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

bool is_listening(int fd) {
    int listening = 0;
    socklen_t size = sizeof listening;
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

std::optional<pid_t> peer_of(const os::UniqueFd& client) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) {
        return std::nullopt;
    }
    return peer.pid;
}

/// Waits for slotd on a listening socket, or for a stop signal.
std::expected<os::UniqueFd, ExitCode> accept_one(const os::UniqueFd& listener, int stop_fd) {
    std::array<pollfd, 2> polled{pollfd{.fd = listener.get(), .events = POLLIN, .revents = 0},
                                 pollfd{.fd = stop_fd, .events = POLLIN, .revents = 0}};
    while (::poll(polled.data(), polled.size(), -1) < 0 && errno == EINTR) {
    }
    if (polled[0].revents == 0) {
        return std::unexpected(ExitCode::Ok);
    }
    os::UniqueFd client{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!client) {
        return stop_with(ExitCode::CannotStart, "cannot accept slotd: " + errno_text(errno));
    }
    return client;
}

/// A kernel without the events is a fact, not a fault: slotd hears of less, and says so.
ExitCode prepare_trace() {
    if (const auto unseen = os::TraceEvents::prepare(); !unseen) {
        say(Priority::Warning, unseen.error().message());
        return ExitCode::CannotStart;
    }
    return ExitCode::Ok;
}

}  // namespace

std::expected<os::UniqueFd, ExitCode> lock_state_dir(const std::string& state_dir,
                                                     Duration patience) {
    if (::mkdir(state_dir.c_str(), 0700) != 0 && errno != EEXIST) {
        return stop_with(ExitCode::CannotStart,
                         "cannot create " + state_dir + ": " + errno_text(errno));
    }
    const std::string path = state_dir + "/lock";
    os::UniqueFd lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (!lock) {
        return stop_with(ExitCode::CannotStart, "cannot open " + path + ": " + errno_text(errno));
    }
    if (lock_within(lock, kLockPatience)) {
        return lock;
    }
    if (patience > kLockPatience) {
        say(Priority::Notice,
            fmt::format("waiting up to {} s for another slotd-exec, which uses {}, to open its "
                        "gates and end",
                        std::chrono::duration_cast<std::chrono::seconds>(patience).count(),
                        state_dir));
        if (lock_within(lock, patience)) {
            return lock;
        }
    }
    return stop_with(ExitCode::AnotherInstance, "another slotd-exec uses " + state_dir);
}

std::expected<os::UniqueFd, ExitCode> client_socket(const Options& options, int stop_fd) {
    int fd = options.client_fd.value_or(-1);
    if (fd < 0 && ::sd_listen_fds(1) == 1) {
        fd = SD_LISTEN_FDS_START;
    }
    if (fd < 0) {
        return stop_with(ExitCode::Usage,
                         "slotd starts this program; by hand, try 'slotd-exec --help'");
    }
    os::UniqueFd socket{fd};
    if (!is_seqpacket(fd)) {
        return stop_with(ExitCode::CannotStart,
                         "descriptor " + std::to_string(fd) + " is no SOCK_SEQPACKET socket");
    }
    (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);  // it is a socket, so this cannot fail
    return is_listening(fd) ? accept_one(socket, stop_fd)
                            : std::expected<os::UniqueFd, ExitCode>(std::move(socket));
}

std::expected<os::UniqueFd, ExitCode> stop_signals() {
    sigset_t signals;
    (void)::sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGCONT}) {
        (void)::sigaddset(&signals, signal);
    }
    (void)::sigprocmask(SIG_BLOCK, &signals, nullptr);
    os::UniqueFd fd{::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)};
    if (!fd) {
        return stop_with(ExitCode::CannotStart, "cannot make a signalfd: " + errno_text(errno));
    }
    return fd;
}

ExitCode run(const Options& options, const os::VfioCalls& vfio) {
    if (!options.sysfs_root && !options.surveys_only && ::geteuid() != 0) {
        say(Priority::Error, "must be root to reset functions and write to configuration space");
        return ExitCode::NotRoot;
    }
    if (options.prepare_trace) {
        return prepare_trace();
    }
    const ServerSetup setup{.sysfs_root = options.sysfs_root.value_or("/sys"),
                            .proc_root = options.proc_root,
                            .state_dir = options.state_dir,
                            .limits = {.deadline_max = options.deadline_max},
                            .surveys_only = options.surveys_only,
                            .vfio = &vfio};
    if (const auto sysfs = os::SysfsDir::open(setup.sysfs_root); !sysfs) {
        say(Priority::Error, sysfs.error().message());
        return ExitCode::CannotStart;
    }
    std::expected<os::UniqueFd, ExitCode> lock;
    if (!setup.surveys_only) {
        lock = lock_state_dir(setup.state_dir, options.lock_patience);
        if (!lock) {
            return lock.error();
        }
        if (!wait_for_workers(setup.state_dir, kWorkersPatience)) {
            say(Priority::Warning,
                "a worker of an earlier slotd-exec is still at work and hangs in the kernel; what "
                "it "
                "closes or opens when it goes on is not known");
        }
    }
    auto stop = stop_signals();
    if (!stop) {
        return stop.error();
    }
    const int stop_fd = stop->get();
    CrashPoints crash(options.crash_at, options.crash_victim);
    Server server(setup, crash, std::move(*stop));
    const bool opened = setup.surveys_only || server.open_gates();
    if (options.open_gates) {
        return opened ? ExitCode::Ok : ExitCode::GateStillClosed;
    }
    auto client = client_socket(options, stop_fd);
    if (!client) {
        return client.error();
    }
    if (const auto pid = peer_of(*client)) {
        crash.client_is(*pid);
    }
    return server.serve(std::move(*client)) ? ExitCode::Ok : ExitCode::GateStillClosed;
}

}  // namespace slotd::executor
