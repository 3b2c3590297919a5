#include "os/sysfs_topology.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/config_space.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "tests/fakes/descriptors_left.hpp"
#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

using pci::Service;

constexpr pci::Address kRootPort{0, 0x00, 0x1c, 0};
constexpr pci::Address kCard{0, 0x01, 0x00, 0};

const std::string kRootPortPath = "pci0000:00/0000:00:1c.0";
const std::string kCardPath = kRootPortPath + "/0000:01:00.0";

pci::Function function(const pci::Address& address, const std::string& driver,
                       std::uint32_t class_code = 0x020000) {
    // sysfs shows a subsystem of a bridge too, where its capability has one.
    const bool is_bridge = class_code >> 8 == 0x0604;
    return pci::Function{
        .address = address,
        .driver = driver,
        .identity = pci::Identity{.vendor = 0x8086,
                                  .device = 0x10d3,
                                  .subsystem_vendor = std::uint16_t(is_bridge ? 0 : 0x8086),
                                  .subsystem_device = std::uint16_t(is_bridge ? 0 : 0xa01f),
                                  .class_code = class_code,
                                  .revision = 2,
                                  .serial = {}},
        .is_bridge = is_bridge};
}

pci::Port root_port() {
    return pci::Port{.address = kRootPort,
                     .kind = pci::PortKind::RootPort,
                     .parent = {},
                     .root_port = kRootPort,
                     .path = {kRootPort},
                     .secondary_bus = 1,
                     .subordinate_bus = 3,
                     .slot_name = "",
                     .services = {},
                     .bound = {},
                     .functions = {}};
}

/// A scan that must work.
pci::Topology scanned(const fakes::FakePciTree& tree) {
    auto topology = SysfsTopology(tree.root()).scan();
    EXPECT_TRUE(topology) << topology.error().message();
    return topology ? std::move(*topology) : pci::Topology{};
}

TEST(SysfsTopology, SeesASlotWithItsCardServicesAndName) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    tree.endpoint(kCardPath, "e1000e");
    tree.endpoint(kRootPortPath + "/0000:01:00.1", "");
    tree.service(kRootPortPath, "pcie001", "pcie_pme");
    tree.service(kRootPortPath, "pcie002", "aer");
    tree.service(kRootPortPath, "pcie004", "");
    tree.slot("5", "0000:01:00\n");

    pci::Port expected = root_port();
    expected.slot_name = "5";
    expected.services = {Service::Pme, Service::Aer, Service::Pciehp};
    expected.bound = {Service::Pme, Service::Aer};
    expected.functions = {function(kCard, "e1000e"), function({0, 1, 0, 1}, "")};
    EXPECT_EQ(scanned(tree), pci::Topology({expected}));
}

TEST(SysfsTopology, TellsTheKindsOfPortsByWhatTheyArePluggedInto) {
    const fakes::FakePciTree tree;
    const std::string upstream = kRootPortPath + "/0000:01:00.0";
    const std::string downstream = upstream + "/0000:02:01.0";
    tree.bridge(kRootPortPath, 1, 3);
    tree.bridge(upstream, 2, 3);
    tree.bridge(downstream, 3, 3);
    tree.service(downstream, "pcie204", "pciehp");
    tree.endpoint(downstream + "/0000:03:00.0", "nvme");

    pci::Port root = root_port();
    root.functions = {function(kCard, "pcieport", 0x060400)};
    const pci::Port nested{.address = {0, 2, 1, 0},
                           .kind = pci::PortKind::SwitchDownstreamPort,
                           .parent = kRootPort,
                           .root_port = kRootPort,
                           .path = {kRootPort, kCard, {0, 2, 1, 0}},
                           .secondary_bus = 3,
                           .subordinate_bus = 3,
                           .slot_name = "",
                           .services = {Service::Pciehp},
                           .bound = {Service::Pciehp},
                           .functions = {function({0, 3, 0, 0}, "nvme")}};
    EXPECT_EQ(scanned(tree), pci::Topology({root, nested}));
}

// What was enumerated is compared with what the registers say: where one side knows more of a
// function than the other, a slot at rest is taken for one with another card, and that is replayed.
TEST(SysfsTopology, SeesTheIdentityOfCardsAndSwitchesAsConfigurationSpaceHasIt) {
    fakes::FakeSysfs sysfs;
    sysfs.root_port("0000:00:1c.0", 1, 5);
    sysfs.upstream_port("0000:00:1c.0", "0000:01:00.0", 2);
    sysfs.root_port("0000:00:1d.0", 3, 6);
    sysfs.card("0000:00:1d.0", "0000:03:00.0");
    ASSERT_EQ(sysfs.attribute("0000:01:00.0", "subsystem_vendor"), "0x8086\n");

    auto topology = SysfsTopology(sysfs.root()).scan();

    ASSERT_TRUE(topology) << topology.error().message();
    ASSERT_EQ(topology->ports().size(), 2);
    for (const pci::Port& port : topology->ports()) {
        ASSERT_EQ(port.functions.size(), 1);
        const pci::Function& shown = port.functions.front();
        const auto read = ConfigSpace(sysfs.root(), shown.address).read_identity();
        ASSERT_TRUE(read) << read.error().message();
        EXPECT_TRUE(read->same_card(shown.identity))
            << read->to_string() << " and " << shown.identity.to_string();
    }
}

TEST(SysfsTopology, TellsVirtualFunctionsFromPhysicalOnes) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    tree.endpoint(kCardPath, "igb");
    tree.endpoint(kRootPortPath + "/0000:01:10.0", "igbvf");
    tree.files().link("devices/" + kRootPortPath + "/0000:01:10.0/physfn", "../0000:01:00.0");

    pci::Port expected = root_port();
    pci::Function virtual_one = function({0, 1, 0x10, 0}, "igbvf");
    virtual_one.is_virtual = true;
    expected.functions = {function(kCard, "igb"), virtual_one};
    EXPECT_EQ(scanned(tree), pci::Topology({expected}));
}

// VMD is a function with a host bridge of its own below it: a new domain, a new hierarchy.
TEST(SysfsTopology, StartsAfreshBelowTheHostBridgeOfAVmdDomain) {
    const fakes::FakePciTree tree;
    const std::string port = "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0";
    tree.endpoint("pci0000:00/0000:00:0e.0", "vmd");
    tree.bridge(port, 0xe1, 0xe1);
    tree.endpoint(port + "/10000:e1:00.0", "nvme");
    tree.slot("7", "10000:e1:00\n");

    const pci::Address address{0x10000, 0xe0, 6, 0};
    EXPECT_EQ(scanned(tree),
              pci::Topology({pci::Port{.address = address,
                                       .kind = pci::PortKind::RootPort,
                                       .parent = {},
                                       .root_port = address,
                                       .path = {address},
                                       .secondary_bus = 0xe1,
                                       .subordinate_bus = 0xe1,
                                       .slot_name = "7",
                                       .services = {},
                                       .bound = {},
                                       .functions = {function({0x10000, 0xe1, 0, 0}, "nvme")}}}));
}

TEST(SysfsTopology, KnowsABridgeWithAPortServiceForPcieWithoutLinkAttributes) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    tree.remove_attribute(kRootPortPath, "max_link_width");
    tree.service(kRootPortPath, "pcie004", "pciehp");

    pci::Port expected = root_port();
    expected.services = {Service::Pciehp};
    expected.bound = {Service::Pciehp};
    EXPECT_EQ(scanned(tree), pci::Topology({expected}));
}

TEST(SysfsTopology, SeesNoPortInConventionalPci) {
    const fakes::FakePciTree tree;
    tree.conventional_bridge("pci0000:00/0000:00:1e.0");
    tree.endpoint("pci0000:00/0000:00:1e.0/0000:05:01.0", "8139too");
    tree.endpoint("pci0000:00/0000:00:02.0", "i915");

    EXPECT_EQ(scanned(tree), pci::Topology{});
}

TEST(SysfsTopology, TakesOneOfTwoNamesAndNoNameOfAConventionalSlot) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    tree.slot("5", "0000:01\n");
    tree.slot("5-1", "0000:01:00\n");
    tree.slot("4", "0000:01:02\n");
    tree.slot("3", "nonsense\n");
    tree.slot("2", "\n");
    tree.files().make_dir("bus/pci/slots/1");

    pci::Port expected = root_port();
    expected.slot_name = "5";
    EXPECT_EQ(scanned(tree), pci::Topology({expected}));
}

// Reading a bus number wakes the port and everything above it, and waits for that.
TEST(SysfsTopology, TakesTheBusOfASleepingPortFromTheNameOfItsBus) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    tree.attribute(kRootPortPath, "power/runtime_status", "suspended\n");

    pci::Port expected = root_port();
    expected.subordinate_bus = 1;
    EXPECT_EQ(scanned(tree), pci::Topology({expected}));
}

TEST(SysfsTopology, DoesNotTakeAPortThatFellAsleepForAChangedOne) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    SysfsTopology source(tree.root());
    const auto awake = source.scan();

    tree.attribute(kRootPortPath, "power/runtime_status", "suspended\n");
    const auto asleep = source.scan();

    EXPECT_TRUE(awake && asleep && *awake == *asleep);
}

TEST(SysfsTopology, WidensASleepingPortToThePortsBelowIt) {
    const fakes::FakePciTree tree;
    const std::string upstream = kRootPortPath + "/0000:01:00.0";
    tree.bridge(kRootPortPath, 1, 9);
    tree.attribute(kRootPortPath, "power/runtime_status", "suspended\n");
    tree.bridge(upstream, 2, 7);
    tree.bridge(upstream + "/0000:02:01.0", 3, 7);

    const pci::Topology topology = scanned(tree);

    ASSERT_NE(topology.find(kRootPort), nullptr);
    EXPECT_EQ(topology.find(kRootPort)->subordinate_bus, 7);
}

TEST(SysfsTopology, DoesNotBelieveThePortThatAnswersAllOnes) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    tree.attribute(kRootPortPath, "secondary_bus_number", "255\n");
    tree.attribute(kRootPortPath, "subordinate_bus_number", "255\n");

    pci::Port expected = root_port();
    expected.subordinate_bus = 1;
    EXPECT_EQ(scanned(tree), pci::Topology({expected}));
}

TEST(SysfsTopology, LeavesOutWhatVanishesDuringTheScan) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    tree.endpoint(kCardPath, "e1000e");
    tree.service(kRootPortPath, "pcie004", "pciehp");
    tree.vanish(kCardPath);

    pci::Port expected = root_port();
    expected.services = {Service::Pciehp};
    expected.bound = {Service::Pciehp};
    EXPECT_EQ(scanned(tree), pci::Topology({expected}));
}

TEST(SysfsTopology, GivesAFunctionThatHasLostItsAttributesAnUnknownIdentity) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    tree.endpoint(kCardPath, "");
    tree.attribute(kCardPath, "modalias", std::string("\xff\x00\n", 3));
    tree.attribute(kCardPath, "revision", "0x123456789\n");

    pci::Port expected = root_port();
    expected.functions = {pci::Function{.address = kCard,
                                        .driver = "",
                                        .identity = pci::Identity{.vendor = 0xffff,
                                                                  .device = 0xffff,
                                                                  .subsystem_vendor = 0,
                                                                  .subsystem_device = 0,
                                                                  .class_code = 0,
                                                                  .revision = 0,
                                                                  .serial = {}},
                                        .is_bridge = false}};
    EXPECT_EQ(scanned(tree), pci::Topology({expected}));
}

TEST(SysfsTopology, ToleratesNamesThatAreNone) {
    const fakes::FakePciTree tree;
    tree.bridge(kRootPortPath, 1, 3);
    tree.files().link("bus/pci/devices/0000:00:1d.0", "nowhere");
    tree.files().link("bus/pci/devices/garbage", "../../../devices/pci0000:00");
    tree.files().make_dir("bus/pci/devices/0000:00:1e.0");
    for (const char* name : {"garbage", "0000:00:1c.0", "0000:00:1c.0:pcie", "0000:00:1c.0:pcie0ff",
                             ":pcie004", "0000:00:1c.0:pcie99999"}) {
        tree.files().make_dir(std::string("bus/pci_express/devices/") + name);
    }

    EXPECT_EQ(scanned(tree), pci::Topology({root_port()}));
}

TEST(SysfsTopology, SaysNotFoundWithoutPci) {
    const fakes::TempDir empty;
    const fakes::FakePciTree no_function;

    for (const std::string& root : {empty.path(), empty.path("nowhere"), no_function.root()}) {
        const auto topology = SysfsTopology(root).scan();
        ASSERT_FALSE(topology);
        EXPECT_EQ(topology.error(), (Error{ErrorKind::NotFound, 0,
                                           "find a PCI function in " + root + "/bus/pci/devices"}));
    }
}

TEST(SysfsTopology, PassesOnWhatElseIsWrongWithSysfs) {
    const fakes::TempDir dir;
    dir.write("bus/pci/devices", "a file");

    const auto topology = SysfsTopology(dir.path()).scan();

    ASSERT_FALSE(topology);
    EXPECT_EQ(topology.error().kind, ErrorKind::Io);
}

TEST(SysfsTopologyShortage, WithoutDescriptorsIsSaidAndNothingIsTakenForGone) {
    fakes::FakeSysfs sysfs;
    sysfs.root_port("0000:00:1c.0", 1, 5);
    sysfs.card("0000:00:1c.0", "0000:01:00.0");
    const pci::Topology whole = SysfsTopology(sysfs.root()).scan().value();
    int failed = 0;
    int scanned = 0;
    for (rlim_t left = 0; left < 8; ++left) {
        SysfsTopology topology(sysfs.root());
        const auto found = [&] {
            const fakes::DescriptorsLeft few(left);
            return topology.scan();
        }();
        if (found) {
            EXPECT_EQ(found->ports(), whole.ports()) << left;
            ++scanned;
        } else {
            EXPECT_EQ(found.error().os_errno, EMFILE) << left;
            ++failed;
        }
    }
    EXPECT_GE(failed, 3);
    EXPECT_GE(scanned, 3);
}

}  // namespace
}  // namespace slotd::os
