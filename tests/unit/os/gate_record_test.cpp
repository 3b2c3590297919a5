#include "os/gate_record.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "os/gate.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};
const Gate kFence = FenceGate{kPort, 0x0547, 0x0002, 0x283f};
const Gate kHotplug = HotplugGate{kPort, 0x1128};
const Gate kService = ServiceGate{kPort, pci::Service::Pciehp};

struct GateRecordTest : testing::Test {
    fakes::TempDir dir;
    GateRecord record{dir.path()};

    std::string text() const { return dir.read("gates"); }

    std::vector<Gate> closed() const {
        const auto loaded = record.load();
        EXPECT_TRUE(loaded.has_value());
        EXPECT_EQ(loaded->damaged, std::vector<std::string>{});
        return loaded->gates;
    }
};

TEST_F(GateRecordTest, IsEmptyBeforeTheFirstGate) {
    EXPECT_EQ(closed(), std::vector<Gate>{});
}

TEST_F(GateRecordTest, HasClosedGatesInTheOrderOfClosing) {
    ASSERT_TRUE(record.note_closed(kFence));
    ASSERT_TRUE(record.note_closed(kService));
    ASSERT_TRUE(record.note_closed(kHotplug));
    ASSERT_TRUE(record.note_opened(kService));

    EXPECT_EQ(closed(), (std::vector<Gate>{kFence, kHotplug}));
}

// What is read from a closed gate is our own doing; taking it for the original would leave it
// closed.
TEST_F(GateRecordTest, KeepsTheFirstOriginalOfAGateClosedTwice) {
    ASSERT_TRUE(record.note_closed(kFence));
    ASSERT_TRUE(record.note_closed(FenceGate{kPort, 0x0447, 0x0000, 0x2830}));

    EXPECT_EQ(closed(), (std::vector<Gate>{kFence}));
}

TEST_F(GateRecordTest, TakesANewOriginalAfterTheGateWasOpened) {
    const Gate later = FenceGate{kPort, 0x0407, 0x0002, 0x2830};
    ASSERT_TRUE(record.note_closed(kHotplug));
    ASSERT_TRUE(record.note_closed(kFence));
    ASSERT_TRUE(record.note_opened(kFence));
    ASSERT_TRUE(record.note_closed(later));

    EXPECT_EQ(closed(), (std::vector<Gate>{kHotplug, later}));
}

TEST_F(GateRecordTest, WritesNothingForAGateThatWasNotClosed) {
    ASSERT_TRUE(record.note_closed(kHotplug));
    const std::string before = text();

    ASSERT_TRUE(record.note_opened(kFence));

    EXPECT_EQ(text(), before);
}

TEST_F(GateRecordTest, IsAnEmptyFileWhenTheLastGateIsOpen) {
    ASSERT_TRUE(record.note_closed(kFence));
    ASSERT_TRUE(record.note_opened(kFence));

    EXPECT_EQ(text(), "");
}

TEST_F(GateRecordTest, IsSharedByAllWhoOpenIt) {
    const GateRecord other{dir.path()};
    ASSERT_TRUE(record.note_closed(kFence));
    ASSERT_TRUE(other.note_closed(kHotplug));

    EXPECT_EQ(closed(), (std::vector<Gate>{kFence, kHotplug}));
}

// The file stays open from one call to the next, and others replace it when it has grown.
TEST_F(GateRecordTest, GoesOnInTheFileThatAnotherHasPutInItsPlace) {
    ASSERT_TRUE(record.note_closed(kFence));
    dir.write("other", closed_line(kHotplug));
    std::filesystem::rename(dir.path("other"), dir.path("gates"));

    ASSERT_TRUE(record.note_closed(kService));

    EXPECT_EQ(text(), closed_line(kHotplug) + closed_line(kService));
    EXPECT_EQ(closed(), (std::vector<Gate>{kHotplug, kService}));
}

TEST_F(GateRecordTest, MakesItsFileAnewWhereItWasRemoved) {
    ASSERT_TRUE(record.note_closed(kFence));
    std::filesystem::remove(dir.path("gates"));

    ASSERT_TRUE(record.note_closed(kService));

    EXPECT_EQ(text(), closed_line(kService));
}

// Only lines with the gate's name are read, and what is damaged counts for none of them.
TEST_F(GateRecordTest, KnowsAGateAmongDamagedLinesAndNamesThatBeginAlike) {
    const std::string whole = closed_line(kFence);
    std::string damaged = opened_line(kFence);
    damaged[damaged.size() - 2] ^= 1;
    dir.write("gates", closed_line(FenceGate{{0x10000, 0, 0x1c, 0}, 1, 2, 3}) + whole + damaged);

    ASSERT_TRUE(record.note_closed(FenceGate{kPort, 1, 2, 3}));

    EXPECT_EQ(text(), closed_line(FenceGate{{0x10000, 0, 0x1c, 0}, 1, 2, 3}) + whole + damaged);
    EXPECT_EQ(record.load().value().damaged, std::vector<std::string>{"line 3"});
}

// A crash can cut the last line anywhere: the state is that before the line or that after it.
TEST_F(GateRecordTest, IsBeforeOrAfterTheLastLineWhereverItIsCut) {
    const std::vector<std::string> lines{closed_line(kFence), closed_line(kService),
                                         opened_line(kFence), closed_line(kHotplug),
                                         opened_line(kService)};
    const std::vector<std::vector<Gate>> after{
        {}, {kFence}, {kFence, kService}, {kService}, {kService, kHotplug}, {kHotplug}};
    std::string whole;
    for (std::size_t count = 0; count < lines.size(); ++count) {
        for (std::size_t length = 0; length < lines[count].size(); ++length) {
            const ClosedGates cut = closed_gates_in(whole + lines[count].substr(0, length));
            EXPECT_EQ(cut, (ClosedGates{after[count], {}})) << count << " " << length;
        }
        whole += lines[count];
        EXPECT_EQ(closed_gates_in(whole), (ClosedGates{after[count + 1], {}}));
    }
}

TEST_F(GateRecordTest, GoesOnBehindACutLine) {
    for (std::size_t length = 0; length < closed_line(kFence).size(); ++length) {
        dir.write("gates", closed_line(kHotplug) + closed_line(kFence).substr(0, length));

        ASSERT_TRUE(record.note_closed(kService));

        EXPECT_EQ(closed(), (std::vector<Gate>{kHotplug, kService})) << length;
    }
}

TEST_F(GateRecordTest, ReadsAllButADamagedLineInTheMiddle) {
    std::string damaged = closed_line(kService);
    damaged[10] = '#';
    dir.write("gates", closed_line(kFence) + damaged + closed_line(kHotplug));

    const auto loaded = record.load();

    ASSERT_TRUE(loaded.has_value());
    EXPECT_EQ(*loaded, (ClosedGates{{kFence, kHotplug}, {"line 2"}}));
}

TEST_F(GateRecordTest, DoesNotForgetADamagedLineByItself) {
    dir.write("gates", "garbage\n" + closed_line(kFence));

    ASSERT_TRUE(record.note_opened(kFence));

    EXPECT_EQ(record.load().value().damaged, (std::vector<std::string>{"line 1"}));
}

TEST_F(GateRecordTest, SetsDamagedLinesAsideForAPerson) {
    dir.write("gates", "garbage\n" + closed_line(kFence));

    ASSERT_TRUE(record.set_damaged_aside());

    EXPECT_EQ(text(), closed_line(kFence));
    EXPECT_EQ(dir.read("gates.damaged"), "garbage\n");
}

// At the level exclusive a service stays unbound for months while fences go up and down.
TEST_F(GateRecordTest, StaysSmallWhileOneGateNeverOpens) {
    ASSERT_TRUE(record.note_closed(kService));
    for (int round = 0; round < 200; ++round) {
        ASSERT_TRUE(record.note_closed(kFence));
        ASSERT_TRUE(record.note_opened(kFence));
    }

    EXPECT_EQ(closed(), (std::vector<Gate>{kService}));
    EXPECT_LE(text().size(), 17U * 1024);
}

// Each rewriting reads and checks every line; with many gates closed that is not for each closing.
TEST_F(GateRecordTest, IsRewrittenAFewTimesWhileAThousandGatesClose) {
    std::size_t rewritten = 0;
    const GateRecord watched{
        dir.path(), [&](std::string_view step) { rewritten += step == "before rename" ? 1 : 0; }};
    std::vector<Gate> gates;
    for (std::uint32_t number = 0; number < 1000; ++number) {
        gates.emplace_back(ServiceGate{{number, 0, 0, 0}, pci::Service::Aer});
        ASSERT_TRUE(watched.note_closed(gates.back()));
    }

    EXPECT_EQ(closed(), gates);
    EXPECT_EQ(rewritten, 2U);
    for (const Gate& gate : gates) {
        ASSERT_TRUE(watched.note_opened(gate));
    }
    EXPECT_EQ(closed(), std::vector<Gate>{});
    EXPECT_EQ(text(), "");
}

// A full record must still take that a gate was opened.
TEST_F(GateRecordTest, TakesThatAGateWasOpenedWhereThereIsNoRoomForAnotherLine) {
    std::string full;
    std::vector<Gate> gates;
    while (full.size() + 100 < kRecordBytesMax) {
        const auto number = static_cast<std::uint32_t>(gates.size());
        gates.emplace_back(ServiceGate{{number, 0, 0, 0}, pci::Service::Aer});
        full += closed_line(gates.back());
    }
    full += std::string(kRecordBytesMax - full.size() - 1, 'x') + "\n";
    dir.write("gates", full);

    ASSERT_TRUE(record.note_opened(gates.back()));

    gates.pop_back();
    EXPECT_EQ(record.load().value().gates, gates);
}

TEST_F(GateRecordTest, RefusesAGateThatDoesNotFit) {
    std::string full;
    for (unsigned number = 0; full.size() + 200 < kRecordBytesMax; ++number) {
        const pci::Address port{number, 0, 0, 0};
        full += closed_line(ServiceGate{port, pci::Service::Aer});
    }
    full.resize(kRecordBytesMax - 1, '\n');
    dir.write("gates", full);

    const Status noted = record.note_closed(kFence);

    ASSERT_FALSE(noted.has_value());
    EXPECT_EQ(noted.error().kind, ErrorKind::Overflow);
}

TEST_F(GateRecordTest, SaysSoWhereItCannotBeWritten) {
    const GateRecord nowhere{dir.path("absent")};

    EXPECT_EQ(nowhere.note_closed(kFence).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(nowhere.note_opened(kFence).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(nowhere.load().error().kind, ErrorKind::NotFound);
    EXPECT_EQ(nowhere.set_damaged_aside().error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace slotd::os
