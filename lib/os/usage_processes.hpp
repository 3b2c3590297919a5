#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::os {

enum class NodeKind { Character, Block };

/// The device nodes of functions, by the numbers that the kernel gave them and by the path that
/// they usually have.
class DeviceNodes {
public:
    /// `number` as sysfs `dev` has it, "239:0"; anything else is no number.
    void add(NodeKind kind, const std::string& number, const std::string& path,
             const pci::Address& function);

    bool empty() const { return by_path_.empty(); }

    /// Functions whose node has this number; several share a VFIO group.
    const std::set<pci::Address>& with_number(NodeKind kind, const std::string& number) const;
    const std::set<pci::Address>& with_path(const std::string& path) const;

private:
    std::map<std::pair<NodeKind, std::string>, std::set<pci::Address>> by_number_;
    std::map<std::string, std::set<pci::Address>> by_path_;
};

/// The systemd unit that the text of /proc/<pid>/cgroup names: "nginx.service", "session-2.scope",
/// "user@1000.service" for all of a user's own; empty for none.
std::string unit_of_cgroup(std::string_view text);

struct ProcessScan {
    std::vector<event::ProcessUse> holders;  ///< by pid and node; each node once for each process
    /// Processes that hold a VFIO device and no group that would say which: before Linux 6.16 the
    /// kernel does not tell.
    std::vector<std::string> vfio_unknown;
};

struct ScanLimits {
    std::size_t descriptors_max = 1'000'000;
};

/// Which processes have one of `nodes` open, from the links in /proc/<pid>/fd.
///
/// No descriptor is opened, and only what is called /dev/... is looked at further, without asking
/// its file system for anything new (AT_STATX_DONT_SYNC): a file of a dead server would keep the
/// caller waiting for ever. So a node with a name elsewhere is not seen, nor one that is mapped and
/// closed. Needs CAP_SYS_PTRACE for what others have open; of whom it could not be read is added to
/// `unreadable`. Processes that end meanwhile hold nothing.
ProcessScan scan_processes(const SysfsDir& proc, const DeviceNodes& nodes,
                           std::vector<std::string>& unreadable, const ScanLimits& limits = {});

}  // namespace slotd::os
