#include "os/port_services.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/result.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "tests/fakes/fake_sysfs.hpp"

namespace slotd::os {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};

struct TreeWithAPort {
    TreeWithAPort() { sysfs.root_port("0000:00:1c.0", 1, 5); }

    fakes::FakeSysfs sysfs;
};

struct PortServicesTest : TreeWithAPort, testing::Test {
    SysfsDir root = SysfsDir::open(sysfs.root()).value();
    SysfsDir port_dir = SysfsDir::open(sysfs.root() + "/bus/pci/devices/0000:00:1c.0").value();
    PortServices services{root, port_dir, kPort};
};

TEST_F(PortServicesTest, FindAServiceByTheEndOfItsName) {
    const auto found = services.find(pci::Service::Pciehp);

    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ((*found)->name, "0000:00:1c.0:pcie004");
    EXPECT_TRUE((*found)->bound);
}

TEST_F(PortServicesTest, FindTheServicesOfADownstreamPortToo) {
    sysfs.tree().service("pci0000:00/0000:00:1c.0", "pcie208", "dpc");

    const auto found = services.find(pci::Service::Dpc);

    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ((*found)->name, "0000:00:1c.0:pcie208");
}

TEST_F(PortServicesTest, FindNothingWhereThePortHasNoSuchService) {
    EXPECT_FALSE(services.find(pci::Service::Dpc).value().has_value());
}

TEST_F(PortServicesTest, AreUnboundAndBoundAgain) {
    ASSERT_TRUE(services.unbind(pci::Service::Pciehp, "0000:00:1c.0:pcie004"));
    EXPECT_EQ(services.bound().value(), (pci::ServiceSet{pci::Service::Aer}));

    ASSERT_TRUE(services.bind(pci::Service::Pciehp, "0000:00:1c.0:pcie004"));
    EXPECT_EQ(services.bound().value(), (pci::ServiceSet{pci::Service::Aer, pci::Service::Pciehp}));
}

TEST_F(PortServicesTest, AreNotTakenForBoundToAnotherDriver) {
    sysfs.tree().service("pci0000:00/0000:00:1c.0", "pcie008", "vfio");

    EXPECT_FALSE(services.find(pci::Service::Dpc).value()->bound);
}

TEST_F(PortServicesTest, SayThatTheDriverIsNotThere) {
    const auto bound = services.bind(pci::Service::BwCtrl, "0000:00:1c.0:pcie010");

    ASSERT_FALSE(bound.has_value());
    EXPECT_EQ(bound.error().kind, ErrorKind::NotFound);
}

// A bind that the kernel took and that changed nothing.
TEST_F(PortServicesTest, SayThatNothingHappened) {
    const auto bound = services.bind(pci::Service::Dpc, "0000:00:1c.0:pcie008");

    ASSERT_FALSE(bound.has_value());
    EXPECT_EQ(bound.error(), (Error{ErrorKind::Io, 0, "see 0000:00:1c.0:pcie008 bound"}));
}

}  // namespace
}  // namespace slotd::os
