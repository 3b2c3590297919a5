#include "os/usage_processes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/fake_use.hpp"

namespace slotd::os {
namespace {

constexpr pci::Address kCard{0, 1, 0, 0};
constexpr pci::Address kSecond{0, 1, 0, 1};

struct UsageProcessesTest : testing::Test {
    ProcessScan scan(const ScanLimits& limits = {}) {
        return scan_processes(SysfsDir::open(use.proc_root()).value(), nodes, unreadable, limits);
    }

    fakes::FakePciTree tree;
    fakes::FakeUse use{tree};
    DeviceNodes nodes;
    std::vector<std::string> unreadable;
};

// /dev/null is character device 1:3 on every Linux: what it is called does not matter.
TEST_F(UsageProcessesTest, KnowsANodeByItsNumberWhateverItsName) {
    nodes.add(NodeKind::Character, "1:3", "/dev/nvme0", kCard);
    use.process(7, "tool", "/system.slice/tool.service", {"/dev/null", "/dev/zero", "/dev/null"});

    EXPECT_EQ(scan().holders,
              (std::vector<event::ProcessUse>{{7, "tool", "tool.service", "/dev/null", kCard}}));
    EXPECT_EQ(unreadable, std::vector<std::string>{});
}

TEST_F(UsageProcessesTest, ABlockDeviceIsNoCharacterDeviceOfTheSameNumber) {
    nodes.add(NodeKind::Block, "1:3", "/dev/ram3", kCard);
    use.process(7, "tool", "/", {"/dev/null"});

    EXPECT_EQ(scan().holders, std::vector<event::ProcessUse>{});
}

TEST_F(UsageProcessesTest, SeesEveryHolderOfEveryFunctionOfANode) {
    nodes.add(NodeKind::Character, "", "/dev/vfio/17", kCard);
    nodes.add(NodeKind::Character, "", "/dev/vfio/17", kSecond);
    use.process(20, "b", "/", {"/dev/vfio/17"});
    use.process(3, "a", "/", {"/dev/vfio/17"});

    EXPECT_EQ(scan().holders,
              (std::vector<event::ProcessUse>{{3, "a", "", "/dev/vfio/17", kCard},
                                              {3, "a", "", "/dev/vfio/17", kSecond},
                                              {20, "b", "", "/dev/vfio/17", kCard},
                                              {20, "b", "", "/dev/vfio/17", kSecond}}));
}

TEST_F(UsageProcessesTest, LooksAtNothingThatIsNotCalledADevice) {
    const std::string fifo = use.proc_root() + "/a_file_that_would_block";
    use.proc().make_fifo("a_file_that_would_block");
    nodes.add(NodeKind::Character, "", fifo, kCard);
    use.process(7, "tool", "/", {fifo, "pipe:[3]", "/devices", "dev/null"});

    EXPECT_EQ(scan().holders, std::vector<event::ProcessUse>{});
}

TEST_F(UsageProcessesTest, NamesThatAreNoProcessAreNone) {
    nodes.add(NodeKind::Character, "1:3", "/dev/nvme0", kCard);
    for (const std::string name : {"self", "1a", "-1", "4294967295", "99999999999999999999"}) {
        use.proc().link(name + "/fd/0", "/dev/null");
    }

    EXPECT_EQ(scan().holders, std::vector<event::ProcessUse>{});
    EXPECT_EQ(unreadable, std::vector<std::string>{});
}

TEST_F(UsageProcessesTest, AProcessThatEndsMeanwhileHoldsNothing) {
    nodes.add(NodeKind::Character, "1:3", "/dev/nvme0", kCard);
    use.proc().make_dir("8");                // its fd directory is gone
    use.proc().link("9/fd/0", "/dev/null");  // its name and cgroup are
    use.proc().write("10/fd/0", "not a link");

    EXPECT_EQ(scan().holders, (std::vector<event::ProcessUse>{{9, "?", "", "/dev/null", kCard}}));
    EXPECT_EQ(unreadable, std::vector<std::string>{});
}

TEST_F(UsageProcessesTest, SaysOfHowManyItCouldNotTell) {
    nodes.add(NodeKind::Character, "1:3", "/dev/nvme0", kCard);
    use.proc().write("8/fd", "no directory, so it cannot be listed");
    use.proc().write("9/fd", "");

    EXPECT_EQ(scan().holders, std::vector<event::ProcessUse>{});
    EXPECT_EQ(unreadable, std::vector<std::string>{"what 2 processes have open"});
}

TEST_F(UsageProcessesTest, StopsAtItsBoundAndSaysSo) {
    nodes.add(NodeKind::Character, "1:3", "/dev/nvme0", kCard);
    use.process(8, "first", "/", {"/dev/null"});
    use.process(9, "greedy", "/", std::vector<std::string>(20, "socket:[1]"));

    EXPECT_EQ(scan({.descriptors_max = 15}).holders.size(), 1U);
    EXPECT_EQ(unreadable, std::vector<std::string>{"what 1 process has open"});
}

TEST_F(UsageProcessesTest, GoesThroughThousandsOfProcesses) {
    nodes.add(NodeKind::Character, "1:3", "/dev/nvme0", kCard);
    for (int pid = 1000; pid < 2000; ++pid) {
        use.proc().link(std::to_string(pid) + "/fd/0", "socket:[1]");
    }
    use.process(3000, "last", "/", {"/dev/null"});

    EXPECT_EQ(scan().holders,
              (std::vector<event::ProcessUse>{{3000, "last", "", "/dev/null", kCard}}));
}

TEST(UnitOfCgroup, IsTheFirstThatIsNoSlice) {
    EXPECT_EQ(unit_of_cgroup("0::/system.slice/nginx.service\n"), "nginx.service");
    EXPECT_EQ(unit_of_cgroup("0::/user.slice/user-0.slice/user@0.service/app.slice/x.service\n"),
              "user@0.service");
    EXPECT_EQ(unit_of_cgroup("12:cpu:/wrong.service\n1:name=systemd:/a.slice/session-3.scope\n"),
              "session-3.scope");
    EXPECT_EQ(unit_of_cgroup("0::/system.slice/_cpu.service\n"), "cpu.service");
}

TEST(UnitOfCgroup, IsNoneOutsideOfSystemd) {
    for (const char* text : {"", "0::/\n", "0::/docker/4f2a\n", "0::/user.slice\n", ":::\n", "\n",
                             "1:cpu:/a.service\n"}) {
        EXPECT_EQ(unit_of_cgroup(text), "") << text;
    }
}

}  // namespace
}  // namespace slotd::os
