#include "os/usage_mounts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "os/sysfs_dir.hpp"
#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/fake_use.hpp"

namespace slotd::os {
namespace {

struct UsageMountsTest : testing::Test {
    MountTable read() {
        return MountTable::read(SysfsDir::open(use.proc_root()).value(), unreadable);
    }

    fakes::FakePciTree tree;
    fakes::FakeUse use{tree};
    std::vector<std::string> unreadable;
};

TEST(ParseMountinfo, ReadsDevicePointAndSource) {
    EXPECT_EQ(parse_mountinfo("21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
                              "22 21 0:5 / /dev rw - devtmpfs udev rw,size=1k\n"
                              "23 21 8:1 /sub /a\\040b\\134\\011 rw master:1 propagate_from:2 - "
                              "xfs /dev/disk\\043 rw\n"),
              (std::vector<Mount>{{"254:1", "/", "/dev/vda1"},
                                  {"0:5", "/dev", "udev"},
                                  {"8:1", "/a b\\\t", "/dev/disk#"}}));
}

TEST(ParseMountinfo, LeavesOutWhatIsNoMount) {
    for (const std::string line :
         {"", " ", "21 1 254:1 / / rw", "21 1 254 / / rw - ext4 a rw", "21 1 8:1 / relative - a b",
          " - ", "\\040\\", "21 1 8:1 / \\04"}) {
        EXPECT_EQ(parse_mountinfo(line + "\n"), std::vector<Mount>{}) << line;
    }
    EXPECT_EQ(parse_mountinfo(std::string(100'000, '\\')), std::vector<Mount>{});
    EXPECT_EQ(parse_mountinfo("1 1 8:1 / /\\777\\04 rw - a b\n"),
              (std::vector<Mount>{{"8:1", "/\\777\\04", "b"}}));
}

TEST(ParseSwaps, ReadsTheFirstColumn) {
    EXPECT_EQ(parse_swaps("Filename\t\t\tType\t\tSize\nignored\n"
                          "/dev/vda2                 partition 1000\n/swap\\040file\tfile\t3\n"),
              (std::vector<std::string>{"/dev/vda2", "/swap file"}));
    EXPECT_EQ(parse_swaps(""), std::vector<std::string>{});
}

TEST_F(UsageMountsTest, ReadsTheTableOfProcessOne) {
    use.mounts({"254:1 / /dev/vda1"});
    use.mounts({"254:2 /wrong /dev/vda2"}, 7);  // no namespace of its own is known

    EXPECT_EQ(read().mounts, (std::vector<Mount>{{"254:1", "/", "/dev/vda1"}}));
    EXPECT_EQ(unreadable, std::vector<std::string>{});
}

TEST_F(UsageMountsTest, ReadsItsOwnTableWhereThatOfProcessOneIsMissing) {
    use.proc().remove("1");
    use.proc().write("self/mountinfo", "21 1 254:1 / / rw - ext4 /dev/vda1 rw\n");

    EXPECT_EQ(read().mounts, (std::vector<Mount>{{"254:1", "/", "/dev/vda1"}}));
}

TEST_F(UsageMountsTest, AddsWhatOnlyAContainerHasMounted) {
    use.mounts({"254:1 / /dev/vda1"});
    use.proc().link("1/ns/mnt", "mnt:[1]");
    for (const int pid : {20, 21}) {
        use.proc().link(std::to_string(pid) + "/ns/mnt", "mnt:[2]");
        use.mounts({"254:1 /etc/hosts /dev/vda1", "259:0 /data /dev/nvme0n1"}, pid);
    }
    use.proc().link("22/ns/mnt", "mnt:[1]");
    use.mounts({"8:1 /impossible /dev/sda1"}, 22);

    EXPECT_EQ(read().mounts,
              (std::vector<Mount>{{"254:1", "/", "/dev/vda1"},
                                  {"259:0", "/data (seen by pid 20)", "/dev/nvme0n1"}}));
}

TEST_F(UsageMountsTest, SaysWhichTableItCouldNotRead) {
    use.proc().write("1/mountinfo", std::string(5U << 20, 'x'));
    use.proc().write("swaps", std::string(5U << 20, 'x'));

    (void)read();

    ASSERT_EQ(unreadable.size(), 2U);
    EXPECT_TRUE(unreadable[0].starts_with("the mounts of process 1: ")) << unreadable[0];
    EXPECT_TRUE(unreadable[1].starts_with("the swap spaces: ")) << unreadable[1];
}

}  // namespace
}  // namespace slotd::os
