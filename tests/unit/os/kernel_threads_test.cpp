#include "os/kernel_threads.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/parse.hpp"
#include "os/sysfs_dir.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

TEST(KernelThreads, HaveNothingOpen) {
    const SysfsDir proc = SysfsDir::open("/proc").value();
    const KernelThreads threads(proc);
    const auto names = proc.names();

    for (const std::string& name : names.value_or(std::vector<std::string>{})) {
        const auto pid = parse_unsigned<std::uint32_t>(name);
        if (pid && threads.include(*pid)) {
            const auto fds = proc.open_below(name + "/fd");
            EXPECT_TRUE(!fds || fds->names().value_or(std::vector<std::string>{}).empty()) << name;
        }
    }
}

TEST(KernelThreads, DoNotIncludeAProcessWithDescriptorsOfItsOwn) {
    const KernelThreads threads(SysfsDir::open("/proc").value());

    EXPECT_FALSE(threads.include(static_cast<std::uint32_t>(::getpid())));
}

// The kernel would answer about this machine's processes, and not about those that are meant.
TEST(KernelThreads, AreUnknownInTheProcOfAnotherNamespace) {
    const fakes::TempDir proc;
    proc.make_dir("2/fd");
    const KernelThreads threads(SysfsDir::open(proc.path()).value());

    EXPECT_FALSE(threads.include(2));
}

}  // namespace
}  // namespace slotd::os
