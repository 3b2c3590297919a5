#include "pci/bars.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>

namespace slotd::pci {
namespace {

// An Ethernet card: two memory BARs of 32 bits, an I/O BAR, one that is not there, a 64-bit one.
const std::string kResource =
    "0x00000000fe840000 0x00000000fe85ffff 0x0000000000040200\n"
    "0x00000000fe860000 0x00000000fe87ffff 0x0000000000040200\n"
    "0x000000000000c040 0x000000000000c05f 0x0000000000040101\n"
    "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
    "0x0000004000000000 0x0000004000003fff 0x000000000014220c\n"
    "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
    "0x00000000fe800000 0x00000000fe83ffff 0x0000000000046200\n";

using Registers = std::array<std::uint32_t, 6>;
constexpr Registers kIntact{0xfe840000, 0xfe860000, 0x0000c041, 0, 0x0000000c, 0x00000040};

TEST(Bars, ReadsWhereTheKernelPutThem) {
    EXPECT_EQ(parse_resource(kResource), (BarResources{{{0xfe840000, 0x40200},
                                                        {0xfe860000, 0x40200},
                                                        {0xc040, 0x40101},
                                                        {},
                                                        {0x4000000000, 0x14220c},
                                                        {}}}));
}

TEST(Bars, TakesNothingForALineThatTheKernelDoesNotWrite) {
    for (const std::string line :
         {"", "0x1 0x2", "0x1 0x2 0x200 0x3", "1 2 0x200", "0x1 0x2 0xfffffffffffffffff",
          "0x1  0x2 0x200", "0x-1 0x2 0x200", "\xff\xff\xff"}) {
        EXPECT_EQ(parse_resource(line + "\n"), BarResources{}) << line;
    }
    EXPECT_EQ(parse_resource(std::string(100'000, '0')), BarResources{});
}

TEST(Bars, AreIntactWhereEachHoldsItsAddress) {
    EXPECT_TRUE(bars_intact(kIntact, parse_resource(kResource)));
}

TEST(Bars, AreNotIntactWhereAnyOfThemIsWipedMovedOrSilent) {
    for (const std::size_t bar : {0U, 1U, 2U, 4U, 5U}) {
        for (const std::uint32_t raw : {0U, 0xffffffffU}) {
            Registers registers = kIntact;
            registers.at(bar) = raw;
            if (bar == 4 && raw == 0) {
                continue;  // its lower half holds no more than the kind
            }
            EXPECT_FALSE(bars_intact(registers, parse_resource(kResource))) << bar << " " << raw;
        }
    }
    Registers moved = kIntact;
    moved[0] = 0xfe880000;
    EXPECT_FALSE(bars_intact(moved, parse_resource(kResource)));
    EXPECT_FALSE(bars_intact({}, parse_resource(kResource)));
}

TEST(Bars, AreNotComparedWhereTheKernelPutNoAddressIntoThem) {
    const Registers nothing{};
    for (const std::uint64_t flags : {0x10040200ULL, 0x20040200ULL, 0x40210ULL, 0x40220ULL, 0ULL}) {
        EXPECT_TRUE(bars_intact(nothing, BarResources{{{0xfe840000, flags}}})) << flags;
    }
    EXPECT_TRUE(bars_intact(nothing, BarResources{{{0, 0x40200}}}));
    EXPECT_TRUE(bars_intact({}, BarResources{}));
}

// Outside x86 the kernel shows its own number of an I/O port, not that on the bus.
TEST(Bars, OfIoAreOnlyCheckedForBeingWiped) {
    const BarResources resources{{{0x1000, 0x40101}}};

    EXPECT_TRUE(bars_intact(Registers{0x0000c041}, resources));
    EXPECT_FALSE(bars_intact(Registers{0x00000001}, resources));
}

TEST(Bars, OfABridgeAreTwo) {
    const BarResources one{{{0xfe840000, 0x40200}}};
    const std::array<std::uint32_t, 2> registers{0xfe840000, 0};

    EXPECT_TRUE(bars_intact(registers, one));
}

}  // namespace
}  // namespace slotd::pci
