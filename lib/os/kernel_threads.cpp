#include "os/kernel_threads.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "os/dir_entries.hpp"
#include "os/sysfs_dir.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

constexpr long kThreadd = 2;
constexpr long kCompareFiles = 2;  // KCMP_FILES: linux/kcmp.h is not for C++

bool kthreadd_has_nothing_open(const SysfsDir& proc) {
    // Its numbers mean our processes only if it is the /proc of our own namespace.
    if (proc.link_name("self") != std::to_string(::getpid())) {
        return false;
    }
    const UniqueFd fds{::openat(proc.fd(), "2/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fds) {
        return false;
    }
    DirEntries entries(fds.get());
    return entries.next() == nullptr && entries.error() == 0;
}

}  // namespace

KernelThreads::KernelThreads(const SysfsDir& proc) : known_(kthreadd_has_nothing_open(proc)) {}

bool KernelThreads::include(std::uint32_t pid) const {
    return known_ && ::syscall(SYS_kcmp, long{pid}, kThreadd, kCompareFiles, 0L, 0L) == 0;
}

}  // namespace slotd::os
