#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "os/sysfs_dir.hpp"

namespace slotd::os {

/// One line of mountinfo.
struct Mount {
    std::string number;  ///< st_dev of the file system, "8:1"; "0:42" for one without a device
    std::string point;
    std::string source;
    bool operator==(const Mount&) const = default;
};

/// proc_pid_mountinfo(5); lines that are not as the kernel writes them are left out.
std::vector<Mount> parse_mountinfo(std::string_view text);

/// The first column of /proc/swaps: "/dev/vda2".
std::vector<std::string> parse_swaps(std::string_view text);

/// What is mounted and what is swapped to, of the whole machine.
///
/// Read for process 1, since slotd-exec may have a mount namespace of its own, and for one process
/// of each other mount namespace: a container may have mounted what process 1 does not see. A mount
/// of another namespace is listed where process 1 has none of that file system, and its point says
/// whose it is. Not seen: what a namespace without a process keeps mounted, and a file system that
/// was unmounted lazily and is still in use.
struct MountTable {
    std::vector<Mount> mounts;
    std::vector<std::string> swaps;

    /// `proc` is what stands for /proc. What could not be read is added to `unreadable`.
    static MountTable read(const SysfsDir& proc, std::vector<std::string>& unreadable);
};

}  // namespace slotd::os
