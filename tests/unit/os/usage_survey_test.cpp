#include "os/usage_survey.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/fake_use.hpp"

// The blast radius as a whole. The details of each part have tests of their own.

namespace slotd::os {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kCard{0, 1, 0, 0};
const std::string kPortPath = "pci0000:00/0000:00:1c.0";
const std::string kCardPath = kPortPath + "/0000:01:00.0";
const std::string kOtherCardPath = "pci0000:00/0000:00:1d.0/0000:02:00.0";

struct UsageSurveyTest : testing::Test {
    UsageSurveyTest() {
        tree.bridge(kPortPath, 1, 1);
        tree.bridge("pci0000:00/0000:00:1d.0", 2, 2);
        tree.endpoint(kOtherCardPath, "nvme");
    }

    event::Usage survey() const {
        auto usage = survey_usage(SysfsDir::open(tree.root()).value(),
                                  SysfsDir::open(use.proc_root()).value(), kPort);
        EXPECT_TRUE(usage.has_value()) << usage.error().message();
        return usage ? std::move(*usage) : event::Usage{};
    }

    static event::Usage of_card(event::FunctionUse card) {
        event::Usage usage;
        usage.port = kPort;
        usage.functions = {std::move(card)};
        return usage;
    }

    static event::FunctionUse card(const std::string& driver) {
        event::FunctionUse function;
        function.address = kCard;
        function.driver = driver;
        return function;
    }

    fakes::FakePciTree tree;
    fakes::FakeUse use{tree};
};

TEST_F(UsageSurveyTest, ACardThatNobodyUsesIsListedAllTheSame) {
    tree.endpoint(kCardPath, "");

    EXPECT_EQ(survey(), of_card(card("")));
}

TEST_F(UsageSurveyTest, AnEmptySlotIsUsedByNobody) {
    event::Usage expected;
    expected.port = kPort;

    EXPECT_EQ(survey(), expected);
}

TEST_F(UsageSurveyTest, SeesADiskWithEverythingThatStandsOnIt) {
    const std::string disk = kCardPath + "/virtio3/block/vda";
    tree.endpoint(kCardPath, "virtio-pci");
    use.disk(disk, "254:0");
    use.sys().write("devices/" + disk + "/inflight", "       2        5\n");
    use.partition(disk, "vda1", "254:1");
    use.partition(disk, "vda2", "254:2");
    use.stacked("dm-0", "253:0", "vg-root");
    use.stacked("md127", "9:127", "");
    use.hold("vda2", "md127");
    use.hold("md127", "dm-0");
    use.mounts({"254:1 /boot /dev/vda1", "253:0 / /dev/mapper/vg-root", "0:5 /dev udev"});
    use.proc().write("swaps", "Filename Type Size Used Priority\n/dev/dm-0 partition 8 0 -2\n");

    event::FunctionUse expected = card("virtio-pci");
    expected.blocks = {{.name = "vda",
                        .in_flight = 7,
                        .holders = {"md127", "dm-0 (vg-root)"},
                        .mounts = {{"vda1", "/boot"}, {"dm-0", "/"}},
                        .swaps = {"dm-0"}}};
    EXPECT_EQ(survey(), of_card(expected));
}

TEST_F(UsageSurveyTest, SeesAnInterfaceWithItsRole) {
    tree.endpoint(kCardPath, "igb");
    use.interface(kCardPath + "/net/eth0");
    use.stack_interface("eth0", "bond0", true);
    use.stack_interface("bond0", "bond0.7", false);
    use.proc().write("1/net/route",
                     "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
                     "bond0.7\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");

    event::FunctionUse expected = card("igb");
    expected.networks = {
        {.name = "eth0", .up = true, .carrier = true, .default_route = true, .member_of = "bond0"}};
    EXPECT_EQ(survey(), of_card(expected));
}

TEST_F(UsageSurveyTest, SaysThatAnInterfaceIsInAnotherNamespace) {
    tree.endpoint(kCardPath, "igb");
    use.sys().make_dir("devices/" + kCardPath + "/net");

    event::Usage expected = of_card(card("igb"));
    expected.unreadable = {"the interface of 0000:01:00.0, which is in another network namespace"};
    EXPECT_EQ(survey(), expected);
}

TEST_F(UsageSurveyTest, SeesVirtualFunctionsAndWhoDrivesThem) {
    const std::string vf = kPortPath + "/0000:01:10.1";
    tree.endpoint(kCardPath, "igb");
    tree.endpoint(vf, "igbvf");
    tree.endpoint(kPortPath + "/0000:01:10.3", "");
    use.sys().link("devices/" + kCardPath + "/virtfn1", "../0000:01:10.3");
    use.sys().link("devices/" + kCardPath + "/virtfn0", "../0000:01:10.1");

    event::FunctionUse physical = card("igb");
    physical.vfs = {{{0, 1, 0x10, 1}, "igbvf"}, {{0, 1, 0x10, 3}, ""}};
    event::Usage expected = of_card(physical);
    event::FunctionUse virtual_one;
    virtual_one.address = {0, 1, 0x10, 1};
    virtual_one.driver = "igbvf";
    event::FunctionUse virtual_two;
    virtual_two.address = {0, 1, 0x10, 3};
    expected.functions.push_back(virtual_one);
    expected.functions.push_back(virtual_two);
    EXPECT_EQ(survey(), expected);
}

TEST_F(UsageSurveyTest, SeesWhoHoldsAVfioGroup) {
    tree.endpoint(kCardPath, "vfio-pci");
    use.sys().link("devices/" + kCardPath + "/iommu_group", "../../../kernel/iommu_groups/17");
    use.process(4711, "qemu-system-x86", "/machine.slice/machine-a.scope",
                {"/dev/vfio/vfio", "/dev/vfio/17", "anon_inode:[vfio-device]"});

    event::FunctionUse function = card("vfio-pci");
    function.vfio_group = 17;
    function.vfio_open = true;
    event::Usage expected = of_card(function);
    expected.processes = {{4711, "qemu-system-x86", "machine-a.scope", "/dev/vfio/17", kCard}};
    EXPECT_EQ(survey(), expected);
}

TEST_F(UsageSurveyTest, AVfioGroupThatNobodyHoldsIsFree) {
    tree.endpoint(kCardPath, "vfio-pci");
    use.sys().link("devices/" + kCardPath + "/iommu_group", "../../../kernel/iommu_groups/17");
    use.process(4711, "qemu-system-x86", "/", {"/dev/vfio/18", "anon_inode:[vfio-device]"});

    event::FunctionUse function = card("vfio-pci");
    function.vfio_group = 17;
    EXPECT_EQ(survey(), of_card(function));
}

TEST_F(UsageSurveyTest, SaysThatItCannotTellWhichVfioDeviceAProcessHolds) {
    tree.endpoint(kCardPath, "vfio-pci");
    use.process(4711, "spdk", "/", {"anon_inode:[vfio-device]"});

    event::Usage expected = of_card(card("vfio-pci"));
    expected.unreadable = {"which VFIO device spdk (pid 4711) holds"};
    EXPECT_EQ(survey(), expected);
}

TEST_F(UsageSurveyTest, TakesTheKernelsWordForWhichVfioDeviceAProcessHolds) {
    tree.endpoint(kCardPath, "vfio-pci");
    use.process(4711, "spdk", "/", {"anon_inode:[vfio-device]"});
    use.proc().write("4711/fdinfo/0",
                     "pos:\t0\nflags:\t02000002\n"
                     "vfio-device-syspath: /sys/devices/pci0000:00/0000:00:1c.0/0000:01:00.0\n");

    event::FunctionUse function = card("vfio-pci");
    function.vfio_open = true;
    event::Usage expected = of_card(function);
    expected.processes = {{4711, "spdk", "", "[vfio-device]", kCard}};
    EXPECT_EQ(survey(), expected);
}

TEST_F(UsageSurveyTest, SeesWhoHoldsADeviceNode) {
    tree.endpoint(kCardPath, "nvme");
    use.character(kCardPath + "/nvme/nvme0", "239:0");
    use.process(815, "smartd", "/system.slice/smartmontools.service", {"/dev/null", "/dev/nvme0"});
    use.process(816, "other", "/", {"/dev/nvme7", "socket:[1]", "/srv/dev/nvme0"});

    event::Usage expected = of_card(card("nvme"));
    expected.processes = {{815, "smartd", "smartmontools.service", "/dev/nvme0", kCard}};
    EXPECT_EQ(survey(), expected);
}

TEST_F(UsageSurveyTest, ASerialPortIsACardsAndAVirtualConsoleOfTheSameMajorIsNot) {
    tree.endpoint(kCardPath, "serial");
    use.character(kCardPath + "/tty/ttyS4", "4:68");
    use.process(7, "getty", "/", {"/dev/ttyS4", "/dev/tty1"});

    event::Usage expected = of_card(card("serial"));
    expected.processes = {{7, "getty", "", "/dev/ttyS4", kCard}};
    EXPECT_EQ(survey(), expected);
}

TEST_F(UsageSurveyTest, NothingOfAnotherPortCounts) {
    tree.endpoint(kCardPath, "e1000e");
    use.disk(kOtherCardPath + "/nvme/nvme0/nvme0n1", "259:0");
    use.interface(kOtherCardPath + "/net/eth9");
    use.character(kOtherCardPath + "/nvme/nvme0", "239:0");
    use.mounts({"259:0 / /dev/nvme0n1"});
    use.process(1000, "sh", "/", {"/dev/nvme0"});

    EXPECT_EQ(survey(), of_card(card("e1000e")));
}

TEST_F(UsageSurveyTest, TheDomainReachesThroughNestedPorts) {
    const std::string upstream = kPortPath + "/0000:01:00.0";
    const std::string downstream = upstream + "/0000:02:01.0";
    tree.bridge(upstream, 2, 3);
    tree.bridge(downstream, 3, 3);
    tree.endpoint(downstream + "/0000:03:00.0", "igb");
    use.interface(downstream + "/0000:03:00.0/net/eth0");

    const event::Usage usage = survey();

    ASSERT_EQ(usage.functions.size(), 3U);
    EXPECT_EQ(usage.functions[0].driver, "pcieport");
    EXPECT_EQ(usage.functions[1].address, (pci::Address{0, 2, 1, 0}));
    EXPECT_EQ(usage.functions[2].address, (pci::Address{0, 3, 0, 0}));
    EXPECT_EQ(usage.functions[2].networks.size(), 1U);
    EXPECT_TRUE(usage.functions[0].networks.empty());
}

TEST_F(UsageSurveyTest, WhatVanishesMeanwhileIsLeftOut) {
    tree.endpoint(kCardPath, "nvme");
    use.disk(kCardPath + "/nvme/nvme0/nvme0n1", "259:0");
    use.interface(kCardPath + "/net/eth0");
    tree.vanish(kCardPath);

    event::Usage expected = of_card(card(""));
    expected.functions[0].blocks = {{"nvme0n1", 0, {}, {}, {}}};
    expected.functions[0].networks = {{"eth0", false, false, false, ""}};
    EXPECT_EQ(survey(), expected);
}

TEST_F(UsageSurveyTest, AMachineWithoutPciIsNotFound) {
    const fakes::TempDir empty;

    EXPECT_EQ(survey_usage(SysfsDir::open(empty.path()).value(),
                           SysfsDir::open(use.proc_root()).value(), kPort)
                  .error()
                  .kind,
              ErrorKind::NotFound);
}

}  // namespace
}  // namespace slotd::os
