#pragma once

#include <cstdint>

#include "os/sysfs_dir.hpp"

namespace slotd::os {

/// Who has nothing open because he shares the table of open descriptors with kthreadd, process 2,
/// which has nothing open: all of the kernel's own threads. To ask about one costs a fifth of
/// listing its descriptors. A program that the kernel has started has a table of its own.
class KernelThreads {
public:
    /// Looks whether kthreadd has nothing open. `proc` is what stands for /proc.
    explicit KernelThreads(const SysfsDir& proc);

    /// False too where the kernel does not say: then one has to look.
    bool include(std::uint32_t pid) const;

private:
    bool known_;
};

}  // namespace slotd::os
