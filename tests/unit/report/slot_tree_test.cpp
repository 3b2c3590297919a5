#include "report/slot_tree.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "pci/link.hpp"
#include "policy/level.hpp"
#include "report/printable.hpp"
#include "report/slot_page.hpp"
#include "report/style.hpp"

namespace slotd::report {
namespace {

constexpr pci::Address kRoot{0, 0, 3, 0};
constexpr pci::Address kUpstream{0, 2, 0, 0};

coordinator::SlotStatus slot(std::vector<pci::Address> path, std::string name) {
    coordinator::SlotStatus status;
    status.port = path.back();
    status.root_port = path.front();
    status.path = std::move(path);
    status.slot = std::move(name);
    status.phase = "idle";
    return status;
}

pci::Function function(pci::Address address, std::string driver) {
    return {address, std::move(driver), {0x8086, 0x10d3, 0x8086, 0, 0x020000, 0, {}}, false};
}

/// A card in a slot, and a switch with two slots: in one a failing card, in the other none.
std::vector<coordinator::SlotStatus> machine() {
    auto network = slot({{0, 0, 2, 0}}, "5");
    network.occupied = true;
    network.automatic_action = true;
    network.budget_left = 3;
    network.link = pci::Link{true, 3, 4, 3, 16};
    network.functions = {function({0, 1, 0, 0}, "e1000e"), function({0, 1, 0, 1}, "")};
    auto root = slot({kRoot}, "");
    root.occupied = true;
    root.link = pci::Link{true, 4, 16, 4, 16};
    root.functions = {function(kUpstream, "pcieport")};
    root.functions[0].is_bridge = true;
    auto failing = slot({kRoot, kUpstream, {0, 3, 0, 0}}, "11");
    failing.phase = "kernel-recovering";
    failing.reason = "AER reported a fatal error";
    failing.incident = 0x6746f1e000030001;
    failing.level = policy::Level::Exclusive;
    failing.occupied = true;
    failing.link = pci::Link{false, 0, 0, 0, 0};
    failing.functions = {function({0, 4, 0, 0}, "nvme")};
    failing.gates = {"fence", "pciehp of 0000:03:00.0"};
    auto empty = slot({kRoot, kUpstream, {0, 3, 1, 0}}, "12");
    return {network, root, failing, empty};
}

TEST(SlotTree, HangsSwitchesSlotsAndCardsBelowTheirRootPorts) {
    EXPECT_EQ(slot_list(machine(), {.colour = false, .columns = 80, .unicode = true}),
              R"(PORT                SLOT  PHASE              LEVEL      LEFT  LINK
0000:00:02.0        5     idle               fence      3     8GT/s x4 (of x16)
├─ 0000:01:00.0     e1000e  8086:10d3
└─ 0000:01:00.1     no driver  8086:10d3
0000:00:03.0        -     idle               fence      off   16GT/s x16
└─ 0000:02:00.0     switch  8086:10d3
   ├─ 0000:03:00.0  11    kernel-recovering  exclusive  off   down
   │  │  incident 6746f1e000030001: AER reported a fatal error
   │  │  closed: fence, pciehp of 0000:03:00.0
   │  └─ 0000:04:00.0  nvme  8086:10d3
   └─ 0000:03:01.0  12    idle               fence      off   empty
)");
}

TEST(SlotTree, IsDrawnInAsciiWhereTheLocaleIsNotUtf8) {
    const std::string list = slot_list(machine(), {});

    EXPECT_TRUE(list.contains("\n|- 0000:01:00.0     e1000e")) << list;
    EXPECT_TRUE(list.contains("\n   |  |  closed: fence, pciehp of 0000:03:00.0\n")) << list;
    EXPECT_TRUE(list.contains("\n   `- 0000:03:01.0  12")) << list;
}

TEST(SlotTree, SaysWhoHoldsASlotAndWhyOneIsInQuarantine) {
    auto held = slot({{0, 0, 2, 0}}, "5");
    held.phase = "held";
    held.reason = "held";
    held.held_by = "uid 0 pid 1: \"mine\"";
    held.held_for = std::chrono::minutes(61);
    held.occupied = true;
    auto quarantined = slot({kRoot}, "6");
    quarantined.phase = "quarantined";
    quarantined.quarantine = "five attempts within an hour";

    EXPECT_EQ(slot_list({held, quarantined}, {}),
              R"(PORT          SLOT  PHASE        LEVEL  LEFT  LINK
0000:00:02.0  5     held         fence  off   unknown
   held by uid 0 pid 1: "mine", for another 1 h 1 min
   a card is there, no function is enumerated
0000:00:03.0  6     quarantined  fence  off   empty
   quarantine: five attempts within an hour
)");
}

TEST(SlotTree, SaysWhatTheLinkHasLost) {
    const auto shown = [](pci::Link link) {
        auto one = slot({kRoot}, "");
        one.occupied = true;
        one.link = link;
        const std::string list = slot_list({one}, {});
        const std::size_t from = list.find("off   ") + 6;
        return list.substr(from, list.find('\n', from) - from);
    };
    EXPECT_EQ(shown({true, 3, 4, 3, 4}), "8GT/s x4");
    EXPECT_EQ(shown({true, 1, 4, 4, 4}), "2.5GT/s x4 (of 16GT/s)");
    EXPECT_EQ(shown({{}, 1, 1, 4, 16}), "2.5GT/s x1 (of 16GT/s x16)");
    EXPECT_EQ(shown({true, 3, 4, 0, 0}), "8GT/s x4");
    EXPECT_EQ(shown({}), "unknown");
}

TEST(SlotTree, CountsFunctionsThatAreTooManyToList) {
    auto one = slot({kRoot}, "");
    for (std::uint8_t device = 0; device < 20; ++device) {
        one.functions.push_back(function({0, 1, device, 0}, "vf"));
    }
    const std::string list = slot_list({one}, {});

    EXPECT_TRUE(list.contains("|- 0000:01:06.0  vf  8086:10d3\n`- and 13 more functions\n"))
        << list;
    one.functions.resize(8);
    EXPECT_TRUE(slot_list({one}, {}).contains("`- 0000:01:07.0  vf  8086:10d3\n"));
}

// An older slotd tells no path; a damaged reply may tell any.
TEST(SlotTree, ShowsEverySlotOnceWhateverThePathsAre) {
    auto without = machine();
    for (auto& one : without) {
        one.path.clear();
    }
    EXPECT_TRUE(slot_list(without, {}).contains("\n|- 0000:03:00.0  11")) << slot_list(without, {});

    auto circle = machine();
    circle[2].path = {circle[3].port, circle[2].port};
    circle[3].path = {circle[2].port, circle[3].port};
    circle[1].path = {{0, 9, 9, 1}, kRoot, kRoot};
    circle[0].path.assign(10000, circle[0].port);
    const std::string list = slot_list(circle, {});
    for (const char* const name : {"  5 ", "  - ", "  11 ", "  12 "}) {
        const std::size_t first = list.find(name);
        ASSERT_NE(first, std::string::npos) << list;
        EXPECT_EQ(list.find(name, first + 1), std::string::npos) << list;
    }
}

TEST(SlotTree, SaysThatThereIsNoPort) {
    EXPECT_EQ(slot_list({}, {}), "no PCIe port on this machine\n");
}

TEST(SlotTree, FitsTheTerminalWhateverTheNamesAre) {
    auto slots = machine();
    slots[0].slot = std::string(200, 's');
    slots[0].phase = std::string(200, 'p');
    slots[0].functions[0].driver = std::string(200, 'd');
    slots[2].gates.assign(20, "hot-plug notification");

    for (const std::size_t width : {20U, 60U, 80U, 132U}) {
        std::string list = slot_list(slots, {.colour = false, .columns = width, .unicode = true});
        for (std::size_t end = list.find('\n'); end != std::string::npos; end = list.find('\n')) {
            EXPECT_LE(columns(list.substr(0, end)), width) << list.substr(0, end);
            list.erase(0, end + 1);
        }
    }
}

TEST(SlotTree, CutsNothingThatGoesIntoAPipe) {
    auto slots = machine();
    slots[0].slot = std::string(200, 's');

    EXPECT_TRUE(slot_list(slots, {}).contains(slots[0].slot));
}

TEST(SlotTree, NeverPassesControlCharactersOn) {
    auto slots = machine();
    slots[0].slot = "\x1b[2J";
    slots[0].functions[0].driver = "\x1b]0;x\a";
    slots[2].phase = "\x1b[2J";
    slots[2].gates = {"\x1b[31m"};
    slots[2].reason = "\x1b[31m";
    slots[3].held_by = slots[3].quarantine = "\x1b[31m";

    EXPECT_EQ(slot_list(slots, {}).find('\x1b'), std::string::npos);
    for (const auto& one : slots) {
        EXPECT_EQ(slot_page(one, {}).find('\x1b'), std::string::npos);
    }
}

TEST(SlotTree, ColoursOnlyWhenAsked) {
    EXPECT_NE(slot_list(machine(), {.colour = true, .columns = 80}).find("\x1b[33m"),
              std::string::npos);
    EXPECT_EQ(slot_list(machine(), {.colour = false, .columns = 80}).find('\x1b'),
              std::string::npos);
}

TEST(SlotPage, SaysEverythingAboutOneSlot) {
    auto slots = machine();

    EXPECT_EQ(slot_page(slots[2], {}), R"(port       0000:03:00.0
below      Root Port 0000:00:03.0
path       0000:00:03.0 > 0000:02:00.0 > 0000:03:00.0
slot       11
phase      kernel-recovering
reason     AER reported a fatal error
level      exclusive
automatic  off
incident   6746f1e000030001
card       present
link       down
function   0000:04:00.0  nvme  8086:10d3 (8086:0000) class 020000 rev 00
gates      closed: fence, pciehp of 0000:03:00.0
)");
    EXPECT_TRUE(slot_page(slots[0], {})
                    .contains("link       8.0 GT/s x4; port and card can do 8.0 GT/s x16\n"));
    EXPECT_TRUE(slot_page(slots[3], {}).contains("link       no card\n"));
}

}  // namespace
}  // namespace slotd::report
