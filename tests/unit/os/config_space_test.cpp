#include "os/config_space.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>

#include "base/result.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "tests/fakes/fake_sysfs.hpp"

namespace slotd::os {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kCard{0, 1, 0, 0};

struct ConfigSpaceTest : testing::Test {
    ConfigSpaceTest() {
        sysfs.root_port("0000:00:1c.0", 1, 5);
        sysfs.card("0000:00:1c.0", "0000:01:00.0");
    }

    fakes::FakeSysfs sysfs;
};

TEST_F(ConfigSpaceTest, ReadsAndWritesRegisters) {
    const ConfigSpace config(sysfs.root(), kPort);

    ASSERT_TRUE(config.write16(0x3e, 0x0001));

    EXPECT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0001);
    EXPECT_EQ(config.read16(0x3e).value(), 0x0001);
    EXPECT_EQ(config.read32(0x00).value(), 0x10d38086U);
    EXPECT_EQ(config.read8(0x0e).value(), 1);
}

TEST_F(ConfigSpaceTest, ReadsTheIdentityOfACardWithItsSerialNumber) {
    const ConfigSpace config(sysfs.root(), kCard);

    EXPECT_EQ(config.read_identity().value(),
              (pci::Identity{0x8086, 0x10d3, 0x8086, 0xa01f, 0x020000, 2, 0x0011223333445566}));
}

TEST_F(ConfigSpaceTest, ReadsNoSubsystemFromABridge) {
    const ConfigSpace config(sysfs.root(), kPort);

    EXPECT_EQ(config.read_identity().value(),
              (pci::Identity{0x8086, 0x10d3, 0, 0, 0x060400, 1, std::nullopt}));
}

TEST_F(ConfigSpaceTest, TakesAllOnesForACardThatDoesNotAnswer) {
    sysfs.silence("0000:01:00.0");
    const ConfigSpace config(sysfs.root(), kCard);

    EXPECT_EQ(config.read_identity().value(), pci::Identity{});
}

// As the kernel shows it to whoever lacks CAP_SYS_ADMIN.
TEST_F(ConfigSpaceTest, KnowsTheRestOfAnIdentityWithoutExtendedSpace) {
    sysfs.set_attribute("0000:01:00.0", "config", sysfs.config("0000:01:00.0").substr(0, 64));
    const ConfigSpace config(sysfs.root(), kCard);

    EXPECT_EQ(config.read_identity().value(),
              (pci::Identity{0x8086, 0x10d3, 0x8086, 0xa01f, 0x020000, 2, std::nullopt}));
    EXPECT_EQ(config.read16(0x50).error(),
              (Error{ErrorKind::PermissionDenied, EPERM, "read config 0x50 of 0000:01:00.0"}));
}

TEST_F(ConfigSpaceTest, SaysThatAFunctionIsNotThere) {
    const ConfigSpace config(sysfs.root(), {0, 9, 0, 0});

    EXPECT_EQ(config.read16(0).error(),
              (Error{ErrorKind::NotFound, ENOENT, "read config 0x0 of 0000:09:00.0"}));
    EXPECT_EQ(config.write16(4, 0).error(),
              (Error{ErrorKind::NotFound, ENOENT, "write config 0x4 of 0000:09:00.0"}));
    EXPECT_EQ(config.read_identity().error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace slotd::os
