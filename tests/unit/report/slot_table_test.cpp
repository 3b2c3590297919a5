#include "report/slot_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "policy/level.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"

namespace slotd::report {
namespace {

coordinator::SlotStatus slot(pci::Address port, pci::Address root_port, std::string name) {
    coordinator::SlotStatus status;
    status.port = port;
    status.root_port = root_port;
    status.slot = std::move(name);
    status.phase = "idle";
    return status;
}

pci::Function function(pci::Address address, std::string driver) {
    return {address, std::move(driver), {0x8086, 0x10d3, 0x8086, 0, 0x020000, 0, {}}, false};
}

std::vector<coordinator::SlotStatus> machine() {
    auto network = slot({0, 0, 2, 0}, {0, 0, 2, 0}, "5");
    network.occupied = true;
    network.automatic_action = true;
    network.budget_left = 3;
    network.functions = {function({0, 1, 0, 0}, "e1000e"), function({0, 1, 0, 1}, "")};
    auto root = slot({0, 0, 3, 0}, {0, 0, 3, 0}, "");
    auto nested = slot({0, 4, 0, 0}, {0, 0, 3, 0}, "11");
    nested.phase = "kernel-recovering";
    nested.incident = 7;
    nested.level = policy::Level::Exclusive;
    nested.occupied = true;
    nested.gates = {"fence", "pciehp of 0000:04:00.0"};
    return {network, nested, root};
}

TEST(SlotTable, ShowsPortsWithWhatIsBelowThem) {
    EXPECT_EQ(slot_table(machine(), {.colour = false, .columns = 80}),
              R"(PORT            SLOT  PHASE                 LEVEL      LEFT  CARD
0000:00:02.0    5     idle                  fence      3     8086:10d3 e1000e
                                                             .1 8086:10d3 no dr~
0000:00:03.0    -     idle                  fence      off   empty
  0000:04:00.0  11    kernel-recovering #7  exclusive  off   occupied, no funct~
    closed: fence, pciehp of 0000:04:00.0
)");
}

TEST(SlotTable, SaysThatThereIsNoPort) {
    EXPECT_EQ(slot_table({}, {}), "no PCIe port on this machine\n");
}

TEST(SlotTable, FitsTheTerminalWhateverTheNamesAre) {
    auto slots = machine();
    slots[0].slot = std::string(200, 's');
    slots[0].phase = std::string(200, 'p');
    slots[0].functions[0].driver = std::string(200, 'd');
    slots[1].gates.assign(20, "hot-plug notification");

    std::string table = slot_table(slots, {.colour = false, .columns = 80});

    for (std::size_t end = table.find('\n'); end != std::string::npos; end = table.find('\n')) {
        EXPECT_LE(columns(table.substr(0, end)), 80U) << table.substr(0, end);
        table.erase(0, end + 1);
    }
}

TEST(SlotTable, NeverPassesControlCharactersOn) {
    auto slots = machine();
    slots[0].slot = "\x1b[2J";
    slots[0].functions[0].driver = "\x1b]0;x\a";
    slots[1].gates = {"\x1b[31m"};
    slots[1].reason = "\x1b[31m";

    EXPECT_EQ(slot_table(slots, {}).find('\x1b'), std::string::npos);
    EXPECT_EQ(slot_page(slots[0], {}).find('\x1b'), std::string::npos);
    EXPECT_EQ(slot_page(slots[1], {}).find('\x1b'), std::string::npos);
}

TEST(SlotTable, ColoursOnlyWhenAsked) {
    EXPECT_NE(slot_table(machine(), {.colour = true, .columns = 80}).find("\x1b[33m"),
              std::string::npos);
    EXPECT_EQ(slot_table(machine(), {.colour = false, .columns = 80}).find('\x1b'),
              std::string::npos);
}

TEST(SlotPage, SaysEverythingAboutOneSlot) {
    auto slots = machine();
    slots[1].reason = "AER reported a fatal error";
    slots[1].functions = {function({0, 5, 0, 0}, "nvme")};

    EXPECT_EQ(slot_page(slots[1], {}), R"(port       0000:04:00.0
below      Root Port 0000:00:03.0
slot       11
phase      kernel-recovering
reason     AER reported a fatal error
level      exclusive
automatic  off
incident   7
card       present
function   0000:05:00.0  nvme  8086:10d3 (8086:0000) class 020000 rev 00
gates      closed: fence, pciehp of 0000:04:00.0
)");
}

}  // namespace
}  // namespace slotd::report
