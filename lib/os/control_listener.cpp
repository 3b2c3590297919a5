#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <expected>
#include <memory>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "control/control_service.hpp"
#include "os/control_socket.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"
#include "os/unix_address.hpp"

namespace slotd::os {

namespace {

constexpr int kBacklog = 128;

/// The first listening AF_UNIX stream socket among the descriptors that systemd has passed.
UniqueFd passed_listener() {
    const int count = ::sd_listen_fds(0);  // checks LISTEN_PID, sets close-on-exec
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) {
        if (::sd_is_socket_unix(fd, SOCK_STREAM, 1, nullptr, 0) > 0) {
            return UniqueFd{fd};
        }
    }
    return {};
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

/// Somebody accepts at that address; a full backlog is somebody too.
bool is_served(const sockaddr_un& address) {
    const UniqueFd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    return probe && (::connect(probe.get(), generic(address), sizeof address) == 0 ||
                     errno == EAGAIN || errno == EINPROGRESS);
}

/// What stands at `path` gives way only if it is a socket that nobody serves.
Status remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0) {
        return errno == ENOENT ? Status{}
                               : Status{std::unexpected(os_error(errno, "examine " + path))};
    }
    if (!S_ISSOCK(status.st_mode)) {
        return failure(ErrorKind::Io, "make the control socket " + path +
                                          ": something else than a socket stands there");
    }
    if (is_served(address)) {
        return failure(ErrorKind::Busy,
                       "make the control socket " + path + ": another process serves it");
    }
    if (::unlink(path.c_str()) != 0) {
        return std::unexpected(os_error(errno, "remove the stale control socket " + path));
    }
    return {};
}

/// Two daemons that start at once would each find the other's socket not served yet; so a lock
/// decides. The file stays: removing it would let a third one lock a file that nobody can see.
Result<UniqueFd> lock_beside(const std::string& path) {
    const std::string name = path + ".lock";
    UniqueFd lock{::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!lock) {
        return std::unexpected(os_error(errno, "open " + name));
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return failure(ErrorKind::Busy,
                           "make the control socket " + path + ": another slotd serves it");
        }
        return std::unexpected(os_error(errno, "lock " + name));
    }
    return lock;
}

}  // namespace

Status ControlSocket::listen_at_path() {
    const std::string& path = options_.path;
    const auto address = unix_address(path);
    if (!address) {
        return std::unexpected(address.error());
    }
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    if (directory.size() > 1 && ::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
        return std::unexpected(os_error(errno, "make " + directory));
    }
    auto lock = lock_beside(path);
    if (!lock) {
        return std::unexpected(std::move(lock.error()));
    }
    lock_ = std::move(*lock);
    if (auto removed = remove_stale(path, *address); !removed) {
        return removed;
    }
    listener_ = UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};

    struct stat status {};

    // Nobody can connect before listen, so the mode is right before it matters.
    if (!listener_ || ::bind(listener_.get(), generic(*address), sizeof *address) != 0 ||
        ::lstat(path.c_str(), &status) != 0 || ::chmod(path.c_str(), 0666) != 0 ||
        ::listen(listener_.get(), kBacklog) != 0) {
        return std::unexpected(os_error(errno, "make the control socket " + path));
    }
    inode_ = status.st_ino;
    return {};
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(control::ControlService& service,
                                                           ControlSocketOptions options) {
    std::unique_ptr<ControlSocket> socket(new ControlSocket(service, std::move(options)));
    socket->listener_ = passed_listener();
    if (socket->listener_) {
        const int flags = ::fcntl(socket->listener_.get(), F_GETFL);
        if (flags < 0 || ::fcntl(socket->listener_.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
            return std::unexpected(os_error(errno, "use the control socket that systemd passed"));
        }
    } else if (auto listening = socket->listen_at_path(); !listening) {
        return std::unexpected(std::move(listening.error()));
    }
    if (auto watched = socket->watch_listener(); !watched) {
        return std::unexpected(std::move(watched.error()));
    }
    return socket;
}

ControlSocket::~ControlSocket() {
    // The service lives on and has its last words for nobody: without connections it sends nothing
    // here.
    for (const auto& [id, client] : clients_) {
        service_.closed(id);
    }

    struct stat status {};

    // Only our own: with systemd's socket there is nothing to remove, and somebody may have put
    // another in its place.
    if (inode_ != 0 && ::lstat(options_.path.c_str(), &status) == 0 && status.st_ino == inode_) {
        (void)::unlink(options_.path.c_str());
    }
}

}  // namespace slotd::os
