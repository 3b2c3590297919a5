#include "event/uevent_decode.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/kernel_event.hpp"
#include "pci/address.hpp"

namespace slotd::event {
namespace {

constexpr pci::Address kPort{0, 0x00, 0x1c, 0};
constexpr pci::Address kCard{0, 0x01, 0x00, 0};
constexpr std::string_view kCardPath = "/devices/pci0000:00/0000:00:1c.0/0000:01:00.0";
constexpr std::string_view kServicePath = "/devices/pci0000:00/0000:00:1c.0/0000:00:1c.0:pcie004";

Uevent card(std::string_view action, std::string_view error_event = {}) {
    return Uevent{"pci", action, kCardPath, "0000:01:00.0", error_event, {}};
}

using Decoded = std::optional<KernelEvent>;

TEST(UeventDecode, ReadsTheThreeReportsOfARecovery) {
    EXPECT_EQ(decode_uevent(card("change", "BEGIN_RECOVERY")),
              Decoded(RecoveryReported{kCard, RecoveryReport::Began}));
    EXPECT_EQ(decode_uevent(card("change", "SUCCESSFUL_RECOVERY")),
              Decoded(RecoveryReported{kCard, RecoveryReport::Succeeded}));
    EXPECT_EQ(decode_uevent(card("change", "FAILED_RECOVERY")),
              Decoded(RecoveryReported{kCard, RecoveryReport::Failed}));
}

TEST(UeventDecode, ReadsTheFourStepsOfAHotplug) {
    EXPECT_EQ(decode_uevent(card("add")), Decoded(HotplugSeen{kCard, HotplugKind::Added}));
    EXPECT_EQ(decode_uevent(card("remove")), Decoded(HotplugSeen{kCard, HotplugKind::Removed}));
    EXPECT_EQ(decode_uevent(card("bind")), Decoded(HotplugSeen{kCard, HotplugKind::DriverBound}));
    EXPECT_EQ(decode_uevent(card("unbind")),
              Decoded(HotplugSeen{kCard, HotplugKind::DriverUnbound}));
}

// Only a change carries ERROR_EVENT; on another action it is not the kernel's word on a recovery.
TEST(UeventDecode, TakesAnAddWithAnErrorEventForAnAdd) {
    EXPECT_EQ(decode_uevent(card("add", "FAILED_RECOVERY")),
              Decoded(HotplugSeen{kCard, HotplugKind::Added}));
}

TEST(UeventDecode, FallsBackToThePathWithoutPciSlotName) {
    const Uevent uevent{"pci", "remove", kCardPath, {}, {}, {}};

    EXPECT_EQ(decode_uevent(uevent), Decoded(HotplugSeen{kCard, HotplugKind::Removed}));
}

TEST(UeventDecode, ReadsAFunctionOfAVmdDomain) {
    const Uevent uevent{
        "pci",           "add", "/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0",
        "10000:e0:06.0", {},    {}};

    EXPECT_EQ(decode_uevent(uevent),
              Decoded(HotplugSeen{pci::Address{0x10000, 0xe0, 6, 0}, HotplugKind::Added}));
}

TEST(UeventDecode, TakesEveryChangeOfAPortServiceForAChangeOfThePort) {
    for (const std::string_view action : {"add", "remove", "bind", "unbind"}) {
        EXPECT_EQ(decode_uevent(Uevent{"pci_express", action, kServicePath, {}, {}, {}}),
                  Decoded(ServicesChanged{kPort}))
            << action;
    }
}

TEST(UeventDecode, IgnoresWhatIsNotAboutPci) {
    EXPECT_EQ(decode_uevent(Uevent{"net", "add", "/devices/virtual/net/veth0", {}, {}, {}}),
              std::nullopt);
    EXPECT_EQ(decode_uevent(Uevent{"pci_bus", "add", kCardPath, "0000:01:00.0", {}, {}}),
              std::nullopt);
    EXPECT_EQ(decode_uevent(Uevent{}), std::nullopt);
}

// SR-IOV and anybody's write to `uevent` make a plain change.
TEST(UeventDecode, IgnoresAChangeWithoutAKnownErrorEvent) {
    EXPECT_EQ(decode_uevent(card("change")), std::nullopt);
    EXPECT_EQ(decode_uevent(card("change", "RECOVERY_OF_ANOTHER_KIND")), std::nullopt);
}

// udevadm trigger writes "add" or "change" to the `uevent` of every device, at each boot too.
TEST(UeventDecode, IgnoresWhatSomebodyWroteToUevent) {
    Uevent uevent = card("add");
    uevent.synthetic = "0";

    EXPECT_EQ(decode_uevent(uevent), std::nullopt);
}

TEST(UeventDecode, IgnoresActionsItDoesNotKnow) {
    EXPECT_EQ(decode_uevent(card("move")), std::nullopt);
    EXPECT_EQ(decode_uevent(card("")), std::nullopt);
    EXPECT_EQ(decode_uevent(Uevent{"pci_express", "change", kServicePath, {}, {}, {}}),
              std::nullopt);
}

TEST(UeventDecode, IgnoresAMessageThatNamesTwoFunctions) {
    const Uevent uevent{"pci", "remove", kCardPath, "0000:02:00.0", {}, {}};

    EXPECT_EQ(decode_uevent(uevent), std::nullopt);
}

TEST(UeventDecode, IgnoresPathsWithoutAnAddress) {
    const std::string long_path(100'000, '/');
    const std::string binary("/devices/\0\xff\x80", 12);
    const std::vector<std::string_view> paths{
        "", "/", "0000:01:00", "/devices/pci0000:00", "/devices/0000:01:00.8", long_path, binary};
    for (const std::string_view path : paths) {
        EXPECT_EQ(decode_uevent(Uevent{"pci", "add", path, {}, {}, {}}), std::nullopt) << path;
        EXPECT_EQ(decode_uevent(Uevent{"pci_express", "bind", path, {}, {}, {}}), std::nullopt);
    }
    EXPECT_EQ(decode_uevent(Uevent{"pci_express", "bind", "/devices/:pcie004", {}, {}, {}}),
              std::nullopt);
}

Uevent drm(std::string_view devpath, std::string_view wedged) {
    Uevent uevent;
    uevent.subsystem = "drm";
    uevent.action = "change";
    uevent.devpath = devpath;
    uevent.wedged = wedged;
    return uevent;
}

TEST(DecodeDrm, WedgedNamesTheFunctionAboveAndTheMethodsInTheirOrder) {
    EXPECT_EQ(decode_uevent(drm("/devices/pci0000:00/0000:00:02.0/0000:01:00.0/drm/card0",
                                "rebind,bus-reset,something-new")),
              KernelEvent(DeviceWedged{
                  pci::Address{0, 1, 0, 0},
                  {WedgedMethod::Rebind, WedgedMethod::BusReset, WedgedMethod::Other}}));
}

TEST(DecodeDrm, WithoutWedgedOrWithoutAFunctionIsNothing) {
    EXPECT_EQ(decode_uevent(drm("/devices/pci0000:00/0000:01:00.0/drm/card0", "")), std::nullopt);
    EXPECT_EQ(decode_uevent(drm("/devices/platform/gpu/drm/card0", "rebind")), std::nullopt);
    EXPECT_EQ(decode_uevent(drm("", "rebind")), std::nullopt);
}

TEST(DecodeDrm, TakesNoMoreThanEightMethods) {
    const auto event = decode_uevent(
        drm("/devices/pci0000:00/0000:01:00.0/drm/card0", ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,"));

    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(std::get<DeviceWedged>(*event).methods.size(), 8U);
}

}  // namespace
}  // namespace slotd::event
