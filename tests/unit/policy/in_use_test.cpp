#include "policy/in_use.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "event/usage.hpp"
#include "pci/address.hpp"

namespace slotd::policy {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kDisk{0, 1, 0, 0};
constexpr pci::Address kNetwork{0, 1, 0, 1};

event::Usage usage_of_all_kinds() {
    event::Usage usage;
    usage.port = kPort;
    usage.functions.resize(2);
    event::FunctionUse& disk = usage.functions[0];
    disk.address = kDisk;
    disk.driver = "nvme";
    disk.blocks = {{.name = "nvme0n1",
                    .in_flight = 1,
                    .holders = {"dm-0 (vg-root)"},
                    .mounts = {{"nvme0n1p1", "/boot"}},
                    .swaps = {"nvme0n1p2"}}};
    event::FunctionUse& network = usage.functions[1];
    network.address = kNetwork;
    network.networks = {{"eth0", true, false, true, "bond0"}};
    network.vfs = {{{0, 1, 0x10, 1}, "igbvf"}, {{0, 1, 0x10, 3}, ""}};
    network.vfio_group = 17;
    network.vfio_open = true;
    usage.processes = {{815, "smartd", "smartd.service", "/dev/nvme0", kDisk},
                       {99, "sh", "", "/dev/ptp0", kNetwork}};
    usage.unreadable = {"what 1 process has open"};
    usage.left_out = 2;
    return usage;
}

TEST(UsesOf, NamesEveryUseByFunctionAndKind) {
    EXPECT_EQ(uses_of(usage_of_all_kinds(), std::nullopt),
              (std::vector<Use>{
                  {UseKind::Unknown, kPort, "cannot tell: what 1 process has open"},
                  {UseKind::Unknown, kPort, "2 more entries did not fit"},
                  {UseKind::Mounted, kDisk, "nvme0n1p1 is mounted at /boot"},
                  {UseKind::Swap, kDisk, "nvme0n1p2 is swap space"},
                  {UseKind::Holder, kDisk, "dm-0 (vg-root) stands on nvme0n1"},
                  {UseKind::InFlight, kDisk, "nvme0n1 has 1 request in flight"},
                  {UseKind::Process, kDisk, "smartd (pid 815, smartd.service) holds /dev/nvme0"},
                  {UseKind::NetworkUp, kNetwork, "eth0 is up, no carrier"},
                  {UseKind::Route, kNetwork, "the default route goes out on eth0"},
                  {UseKind::Member, kNetwork, "eth0 is part of bond0"},
                  {UseKind::Vf, kNetwork, "VF 0000:01:10.1 is driven by igbvf"},
                  {UseKind::Vfio, kNetwork, "VFIO group 17 is open"},
                  {UseKind::Process, kNetwork, "sh (pid 99) holds /dev/ptp0"}}));
}

// What is not known about the domain may be about this function.
TEST(UsesOf, OneFunctionAreItsOwnAndWhatIsNotKnown) {
    std::set<pci::Address> functions;
    for (const Use& use : uses_of(usage_of_all_kinds(), kDisk)) {
        functions.insert(use.function);
    }

    EXPECT_EQ(functions, (std::set<pci::Address>{kPort, kDisk}));
}

TEST(UsesOf, ACardThatOnlyIsThereIsNotInUse) {
    event::Usage usage;
    usage.port = kPort;
    usage.functions.resize(2);
    usage.functions[0].driver = "nvme";
    usage.functions[0].blocks = {{"nvme0n1", 0, {}, {}, {}}};
    usage.functions[0].networks = {{"eth0", false, false, false, ""}};
    usage.functions[0].vfs = {{{0, 1, 0x10, 1}, ""}};
    usage.functions[1].driver = "vfio-pci";
    usage.functions[1].vfio_group = 17;

    EXPECT_EQ(uses_of(usage, std::nullopt), std::vector<Use>{});
}

TEST(UsesOf, AVfioDeviceWithoutAGroupIsOneToo) {
    event::Usage usage;
    usage.functions.resize(1);
    usage.functions[0].vfio_open = true;

    EXPECT_EQ(uses_of(usage, std::nullopt),
              (std::vector<Use>{{UseKind::Vfio, {}, "its VFIO device is open"}}));
}

TEST(Counted, KeepsThoseOfTheKindsThatCount) {
    const std::vector<Use> uses = uses_of(usage_of_all_kinds(), std::nullopt);

    EXPECT_EQ(counted(uses, all_use_kinds()), uses);
    EXPECT_EQ(counted(uses, {}), std::vector<Use>{});
    EXPECT_EQ(counted(uses, {UseKind::Swap, UseKind::Vfio}),
              (std::vector<Use>{{UseKind::Swap, kDisk, "nvme0n1p2 is swap space"},
                                {UseKind::Vfio, kNetwork, "VFIO group 17 is open"}}));
}

TEST(UseKinds, HaveTextsThatLeadBackToThem) {
    std::set<std::string> texts;
    for (const UseKind kind : all_use_kinds()) {
        EXPECT_EQ(use_kind_from_text(to_text(kind)), kind);
        texts.insert(to_text(kind));
    }
    EXPECT_EQ(texts.size(), 11U);
    EXPECT_EQ(use_kind_from_text("Mounted"), std::nullopt);
    EXPECT_EQ(use_kind_from_text(""), std::nullopt);
}

TEST(ListOfUses, SaysHowManyMoreThereAre) {
    const std::vector<Use> uses{{UseKind::Mounted, kDisk, "a"},
                                {UseKind::Swap, kDisk, "b"},
                                {UseKind::Route, kNetwork, "c"}};

    EXPECT_EQ(list(uses), "0000:01:00.0: a; 0000:01:00.0: b; 0000:01:00.1: c");
    EXPECT_EQ(list(uses, 1), "0000:01:00.0: a; and 2 more");
    EXPECT_EQ(list({}), "");
}

}  // namespace
}  // namespace slotd::policy
