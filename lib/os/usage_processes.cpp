#include "os/usage_processes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "event/usage.hpp"
#include "os/dir_entries.hpp"
#include "os/kernel_threads.hpp"
#include "os/os_error.hpp"
#include "os/sysfs_dir.hpp"
#include "os/unique_fd.hpp"
#include "pci/address.hpp"

namespace slotd::os {

namespace {

constexpr std::string_view kDevices = "/dev/";
constexpr std::string_view kVfioNodes = "/dev/vfio/";
constexpr std::string_view kVfioContainer = "/dev/vfio/vfio";
constexpr std::string_view kVfioDevice = "anon_inode:[vfio-device]";

const std::set<pci::Address> kNone;

/// Ascending; what is no number, or too large for a process, is none.
Result<std::vector<std::uint32_t>> process_ids(const SysfsDir& proc) {
    std::vector<std::uint32_t> pids;
    DirEntries entries(proc.fd());
    while (const char* const name = entries.next()) {
        const auto pid = parse_unsigned<std::uint32_t>(name);
        if (pid && *pid <= INT32_MAX) {
            pids.push_back(*pid);
        }
    }
    if (entries.error() != 0) {
        return std::unexpected(os_error(entries.error(), "list " + proc.path()));
    }
    std::ranges::sort(pids);
    return pids;
}

/// What one process has open.
class OpenFiles {
public:
    OpenFiles(const SysfsDir& proc, std::string pid, const DeviceNodes& nodes)
        : proc_(proc),
          pid_(std::move(pid)),
          nodes_(nodes) {}

    /// False where it may not be looked at.
    bool read(std::size_t& descriptors_left);

    bool holds_unknown_vfio() const { return vfio_device_ && !vfio_group_; }

    /// (node, function), each once.
    const std::set<std::pair<std::string, pci::Address>>& held() const { return held_; }

private:
    bool look_at(int fds, const char* descriptor);
    void add(const std::string& node, const std::set<pci::Address>& functions);
    void look_at_node(int fds, const char* descriptor, const std::string& node);
    void look_at_vfio_device(const char* descriptor);

    const SysfsDir& proc_;
    std::string pid_;
    const DeviceNodes& nodes_;
    std::set<std::pair<std::string, pci::Address>> held_;
    bool vfio_device_ = false;
    bool vfio_group_ = false;
};

bool OpenFiles::read(std::size_t& descriptors_left) {
    const std::string path = pid_ + "/fd";
    const UniqueFd fds{::openat(proc_.fd(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fds) {
        return errno == ENOENT || errno == ESRCH;
    }
    DirEntries entries(fds.get());
    while (const char* const descriptor = entries.next()) {
        if (descriptors_left == 0 || !look_at(fds.get(), descriptor)) {
            return false;
        }
        --descriptors_left;
    }
    return entries.error() == 0 || entries.error() == ENOENT || entries.error() == ESRCH;
}

bool OpenFiles::look_at(int fds, const char* descriptor) {
    std::array<char, PATH_MAX> target;  // NOLINT: readlinkat fills what is used of it
    const ssize_t length = ::readlinkat(fds, descriptor, target.data(), target.size());
    if (length <= 0) {
        return errno != EACCES && errno != EPERM;
    }
    const std::string_view link(target.data(), static_cast<std::size_t>(length));
    if (link.starts_with(kDevices)) {
        look_at_node(fds, descriptor, std::string(link));
    } else if (link == kVfioDevice) {
        look_at_vfio_device(descriptor);
    }
    return true;
}

void OpenFiles::add(const std::string& node, const std::set<pci::Address>& functions) {
    for (const pci::Address& function : functions) {
        held_.emplace(node, function);
    }
}

void OpenFiles::look_at_node(int fds, const char* descriptor, const std::string& node) {
    vfio_group_ = vfio_group_ || (node.starts_with(kVfioNodes) && node != kVfioContainer);

    struct statx status {};

    if (::statx(fds, descriptor, AT_STATX_DONT_SYNC, STATX_TYPE, &status) != 0) {
        add(node, nodes_.with_path(node));
        return;
    }
    const std::string number =
        std::to_string(status.stx_rdev_major) + ":" + std::to_string(status.stx_rdev_minor);
    if (S_ISCHR(status.stx_mode)) {
        add(node, nodes_.with_number(NodeKind::Character, number));
    } else if (S_ISBLK(status.stx_mode)) {
        add(node, nodes_.with_number(NodeKind::Block, number));
    }
}

void OpenFiles::look_at_vfio_device(const char* descriptor) {
    // vfio_main.c vfio_device_show_fdinfo, Linux 6.16.
    const auto info = proc_.read(pid_ + "/fdinfo/" + descriptor);
    std::string_view rest = info ? std::string_view(*info) : "";
    while (!rest.empty()) {
        std::string_view line = next_field(rest, '\n');
        if (next_field(line, ':') == "vfio-device-syspath") {
            const auto function = pci::Address::parse(line.substr(line.rfind('/') + 1));
            if (function) {
                add("[vfio-device]", nodes_.with_path("[vfio-device] " + function->to_string()));
                return;
            }
        }
    }
    vfio_device_ = true;
}

}  // namespace

void DeviceNodes::add(NodeKind kind, const std::string& number, const std::string& path,
                      const pci::Address& function) {
    by_path_[path].insert(function);
    if (number.find(':') != std::string::npos) {
        by_number_[{kind, number}].insert(function);
    }
}

const std::set<pci::Address>& DeviceNodes::with_number(NodeKind kind,
                                                       const std::string& number) const {
    const auto at = by_number_.find({kind, number});
    return at == by_number_.end() ? kNone : at->second;
}

const std::set<pci::Address>& DeviceNodes::with_path(const std::string& path) const {
    const auto at = by_path_.find(path);
    return at == by_path_.end() ? kNone : at->second;
}

std::string unit_of_cgroup(std::string_view text) {
    while (!text.empty()) {
        std::string_view path = next_field(text, '\n');
        (void)next_field(path, ':');
        const std::string_view controllers = next_field(path, ':');
        if (!controllers.empty() && controllers != "name=systemd") {
            continue;
        }
        while (!path.empty()) {
            std::string_view part = next_field(path, '/');
            // systemd puts '_' before what could be taken for a file of the cgroup file system.
            part.remove_prefix(part.starts_with('_') ? 1 : 0);
            for (const char* suffix : {".service", ".scope", ".socket", ".mount", ".swap"}) {
                if (part.ends_with(suffix)) {
                    return std::string(part);
                }
            }
        }
    }
    return {};
}

ProcessScan scan_processes(const SysfsDir& proc, const DeviceNodes& nodes,
                           std::vector<std::string>& unreadable, const ScanLimits& limits) {
    ProcessScan scan;
    const auto pids = process_ids(proc);
    if (!pids) {
        unreadable.push_back("the processes: " + pids.error().message());
        return scan;
    }
    const KernelThreads kernel_threads(proc);
    std::size_t unseen = 0;
    std::size_t descriptors_left = limits.descriptors_max;
    for (const std::uint32_t pid : *pids) {
        if (kernel_threads.include(pid)) {
            continue;
        }
        const std::string name = std::to_string(pid);
        OpenFiles files(proc, name, nodes);
        unseen += files.read(descriptors_left) ? 0 : 1;
        if (files.held().empty() && !files.holds_unknown_vfio()) {
            continue;
        }
        const std::string command = proc.read(name + "/comm").value_or("?");
        const std::string unit = unit_of_cgroup(proc.read(name + "/cgroup").value_or(""));
        for (const auto& [node, function] : files.held()) {
            scan.holders.push_back({static_cast<std::int32_t>(pid), command, unit, node, function});
        }
        if (files.holds_unknown_vfio()) {
            scan.vfio_unknown.push_back(fmt::format("{} (pid {})", command, name));
        }
    }
    std::ranges::sort(scan.holders, {}, [](const event::ProcessUse& use) {
        return std::tuple(use.pid, use.node, use.function);
    });
    if (unseen > 0) {
        unreadable.push_back(
            fmt::format("what {} process{} open", unseen, unseen == 1 ? " has" : "es have"));
    }
    return scan;
}

}  // namespace slotd::os
