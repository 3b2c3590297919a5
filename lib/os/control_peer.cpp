#include <asm-generic/socket.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "control/access.hpp"
#include "os/control_socket.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"
#include "report/printable.hpp"

namespace slotd::os {

namespace {

constexpr std::size_t kGroupsMax = 65536;  // the kernel's NGROUPS_MAX
constexpr std::size_t kUnitBytesMax = 255;

std::optional<std::uint32_t> group_id(const char* name) {
    const group* const found = ::getgrnam(name);
    return found != nullptr ? std::optional<std::uint32_t>(found->gr_gid) : std::nullopt;
}

/// Best effort, for the log only: by now the pid may be another process, or none.
std::string unit_of(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/cgroup";
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 4096> buffer{};
    const ssize_t got = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
    return got > 0 ? unit_in_cgroup(std::string_view(buffer.data(), static_cast<std::size_t>(got)))
                   : std::string{};
}

}  // namespace

std::string unit_in_cgroup(std::string_view text) {
    // "0::/user.slice/user-0.slice/session-3.scope/..." or, with cgroup v1, "1:name=systemd:/...".
    while (!text.empty()) {
        std::string_view path = next_field(text, '\n');
        const std::string_view hierarchy = next_field(path, ':');
        const std::string_view controllers = next_field(path, ':');
        if (hierarchy != "0" && controllers != "name=systemd") {
            continue;
        }
        std::string_view unit;
        while (!path.empty()) {
            const std::string_view part = next_field(path, '/');
            if (part.ends_with(".service") || part.ends_with(".scope")) {
                unit = part;
            }
        }
        if (!unit.empty()) {
            return report::printable(unit.substr(0, kUnitBytesMax));
        }
    }
    return {};
}

Result<control::Peer> peer_of(int connection) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return std::unexpected(os_error(errno, "ask who a client is"));
    }
    control::Peer peer{credentials.uid, credentials.pid, {credentials.gid}, {}};
    std::vector<gid_t> groups(32);
    size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    int asked = ::getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    if (asked != 0 && errno == ERANGE && size / sizeof(gid_t) <= kGroupsMax) {
        groups.resize(size / sizeof(gid_t));
        asked = ::getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    }
    // Without the supplementary groups (they cannot be read before Linux 4.13) the primary one
    // decides.
    if (asked == 0) {
        groups.resize(size / sizeof(gid_t));
        peer.gids.insert(peer.gids.end(), groups.begin(), groups.end());
    }
    peer.unit = unit_of(credentials.pid);
    return peer;
}

control::AccessGroups access_groups() {
    return {group_id("slotd"), group_id("slotd-admin")};
}

}  // namespace slotd::os
