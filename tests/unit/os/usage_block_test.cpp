#include "os/usage_block.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "os/usage_mounts.hpp"
#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/fake_use.hpp"

namespace slotd::os {
namespace {

const std::string kDisk = "pci0000:00/0000:00:1c.0/0000:01:00.0/nvme/nvme0/nvme0n1";

struct UsageBlockTest : testing::Test {
    UsageBlockTest() { use.disk(kDisk, "259:0"); }

    SysfsDir sysfs() const { return SysfsDir::open(tree.root()).value(); }

    event::BlockUse block(const MountTable& table) const {
        return block_use(sysfs(), "nvme0n1", read_stack(sysfs(), "nvme0n1"), table);
    }

    fakes::FakePciTree tree;
    fakes::FakeUse use{tree};
};

TEST_F(UsageBlockTest, TheStackIsTheDiskItsPartitionsAndTheirHolders) {
    use.partition(kDisk, "nvme0n1p1", "259:1");
    use.stacked("dm-0", "253:0", "crypt");
    use.stacked("dm-1", "253:1", "vg-data");
    use.hold("nvme0n1p1", "dm-0");
    use.hold("dm-0", "dm-1");

    EXPECT_EQ(read_stack(sysfs(), "nvme0n1"),
              (std::vector<StackedDevice>{{"nvme0n1", "259:0", "", false},
                                          {"nvme0n1p1", "259:1", "", false},
                                          {"dm-0", "253:0", "crypt", true},
                                          {"dm-1", "253:1", "vg-data", true}}));
}

TEST_F(UsageBlockTest, HoldersThatHoldEachOtherEndTheClimb) {
    use.stacked("dm-0", "253:0", "");
    use.stacked("dm-1", "253:1", "");
    use.hold("nvme0n1", "dm-0");
    use.hold("dm-0", "dm-1");
    use.hold("dm-1", "dm-0");
    use.hold("dm-1", "nvme0n1");

    EXPECT_EQ(block({}).holders, (std::vector<std::string>{"dm-0", "dm-1"}));
}

TEST_F(UsageBlockTest, AStackHasNoMoreThanAThousandLayers) {
    for (int index = 0; index < 1100; ++index) {
        use.sys().write("class/block/nvme0n1/holders/dm-" + std::to_string(index), "");
    }

    EXPECT_EQ(read_stack(sysfs(), "nvme0n1").size(), 1024U);
}

TEST_F(UsageBlockTest, FindsEveryMountOfADevice) {
    const MountTable table{{{"259:0", "/srv", "/dev/nvme0n1"},
                            {"259:0", "/var/lib/container", "/dev/root"},
                            {"8:1", "/", "/dev/nvme0n1"}},
                           {}};

    EXPECT_EQ(block(table).mounts, (std::vector<event::MountSeen>{
                                       {"nvme0n1", "/srv"}, {"nvme0n1", "/var/lib/container"}}));
}

TEST_F(UsageBlockTest, FindsBtrfsByAnyOfItsDevices) {
    use.stacked("dm-3", "253:3", "luks-other");
    use.sys().make_dir("fs/btrfs/9b4e/devices/nvme0n1");
    use.sys().make_dir("fs/btrfs/9b4e/devices/dm-3");
    const MountTable table{
        {{"0:42", "/pool", "/dev/mapper/luks-other"}, {"0:43", "/elsewhere", "/dev/sda1"}}, {}};

    EXPECT_EQ(block(table).mounts, (std::vector<event::MountSeen>{{"nvme0n1", "/pool"}}));
}

TEST_F(UsageBlockTest, FindsSwapByItsDeviceMapperName) {
    use.stacked("dm-0", "253:0", "vg-swap");
    use.hold("nvme0n1", "dm-0");

    EXPECT_EQ(block({{}, {"/dev/mapper/vg-swap", "/swapfile"}}).swaps,
              (std::vector<std::string>{"dm-0"}));
}

TEST_F(UsageBlockTest, CountsRequestsInFlight) {
    for (const auto& [text, count] :
         {std::pair("       3        4\n", 7U), std::pair("4294967295 4294967295", 4294967295U),
          std::pair("many", 0U), std::pair("-1 -1", 0U)}) {
        use.sys().write("devices/" + kDisk + "/inflight", text);
        EXPECT_EQ(block({}).in_flight, count) << text;
    }
}

TEST_F(UsageBlockTest, APathOfAnNvmeNamespaceStandsForIt) {
    use.stacked("nvme2n1", "259:9", "");

    EXPECT_EQ(multipath_head(sysfs(), "nvme2c0n1"), "nvme2n1");
    EXPECT_EQ(multipath_head(sysfs(), "nvme3c0n1"), "nvme3c0n1");
    EXPECT_EQ(multipath_head(sysfs(), "nvme0n1"), "nvme0n1");
    EXPECT_EQ(multipath_head(sysfs(), "sdc"), "sdc");
    EXPECT_EQ(multipath_head(sysfs(), "nvmec"), "nvmec");
}

}  // namespace
}  // namespace slotd::os
