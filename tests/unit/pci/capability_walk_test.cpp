#include "pci/registers/capability_walk.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/result.hpp"

namespace slotd::pci {
namespace {

/// Configuration space of 32-bit words; zero where nothing is set. Counts reads, for the bounds.
struct Space {
    std::map<std::uint16_t, std::uint32_t> words;
    std::uint32_t elsewhere = 0;
    int reads = 0;

    ReadConfig reader() {
        return [this](std::uint16_t offset) -> Result<std::uint32_t> {
            ++reads;
            const auto word = words.find(offset);
            return word != words.end() ? word->second : elsewhere;
        };
    }
};

Space with_capabilities() {
    return {{{0x04, 0x00100000}, {0x34, 0x40}, {0x40, 0x00005001}, {0x50, 0x01420010}}};
}

TEST(CapabilityWalk, FollowsTheList) {
    Space space = with_capabilities();

    EXPECT_EQ(find_capability(space.reader(), 0x10).value(), std::optional<std::uint16_t>(0x50));
}

TEST(CapabilityWalk, FindsNothingAtTheEndOfTheList) {
    Space space = with_capabilities();

    EXPECT_EQ(find_capability(space.reader(), 0x11).value(), std::optional<std::uint16_t>());
}

TEST(CapabilityWalk, FindsNothingWhereStatusSaysThereIsNoList) {
    Space space = with_capabilities();
    space.words[0x04] = 0;

    EXPECT_EQ(find_capability(space.reader(), 0x10).value(), std::optional<std::uint16_t>());
}

TEST(CapabilityWalk, FindsNothingInAllOnes) {
    Space space{{}, 0xffffffff};

    EXPECT_EQ(find_capability(space.reader(), 0xff).value(), std::optional<std::uint16_t>());
    EXPECT_EQ(find_extended_capability(space.reader(), 0xffff).value(),
              std::optional<std::uint16_t>());
    EXPECT_EQ(read_serial_number(space.reader()).value(), std::optional<std::uint64_t>());
}

TEST(CapabilityWalk, EndsWhereTheFunctionGoesAwayInTheMiddle) {
    Space space = with_capabilities();
    space.words[0x50] = 0xffffffff;

    EXPECT_EQ(find_capability(space.reader(), 0xff).value(), std::optional<std::uint16_t>());
}

TEST(CapabilityWalk, EndsInACycle) {
    Space space = with_capabilities();
    space.words[0x50] = 0x00004009;  // back to 0x40

    EXPECT_EQ(find_capability(space.reader(), 0x10).value(), std::optional<std::uint16_t>());
    EXPECT_EQ(space.reads, 4) << "Status, pointer, and each capability once";
}

TEST(CapabilityWalk, EndsAtACapabilityThatPointsToItself) {
    Space space = with_capabilities();
    space.words[0x40] = 0x00004001;

    EXPECT_EQ(find_capability(space.reader(), 0x10).value(), std::optional<std::uint16_t>());
    EXPECT_EQ(space.reads, 3) << "Status, pointer, and the capability once";
}

TEST(CapabilityWalk, DoesNotFollowAPointerIntoTheHeader) {
    Space space = with_capabilities();
    space.words[0x34] = 0x04;
    space.words[0x04] = 0x00100010;  // would be taken for the capability

    EXPECT_EQ(find_capability(space.reader(), 0x10).value(), std::optional<std::uint16_t>());
}

TEST(CapabilityWalk, MasksTheReservedBitsOfAPointer) {
    Space space = with_capabilities();
    space.words[0x40] = 0x00005301;

    EXPECT_EQ(find_capability(space.reader(), 0x10).value(), std::optional<std::uint16_t>(0x50));
}

TEST(CapabilityWalk, FollowsTheExtendedList) {
    Space space{{{0x100, 0x14020001}, {0x140, 0x00010003}}};

    EXPECT_EQ(find_extended_capability(space.reader(), 0x0003).value(),
              std::optional<std::uint16_t>(0x140));
}

TEST(CapabilityWalk, FindsNothingInAnEmptyExtendedList) {
    Space space;

    EXPECT_EQ(find_extended_capability(space.reader(), 0x0000).value(),
              std::optional<std::uint16_t>());
}

TEST(CapabilityWalk, EndsInAnExtendedCycle) {
    Space space{{{0x100, 0x14020001}, {0x140, 0x10010004}}};

    EXPECT_EQ(find_extended_capability(space.reader(), 0x0003).value(),
              std::optional<std::uint16_t>());
    EXPECT_EQ(space.reads, 2) << "each capability once";
}

TEST(CapabilityWalk, DoesNotFollowAnExtendedPointerBelowTheExtendedSpace) {
    Space space{{{0x100, 0x04020001}, {0x40, 0x00010003}}};

    EXPECT_EQ(find_extended_capability(space.reader(), 0x0003).value(),
              std::optional<std::uint16_t>());
}

TEST(CapabilityWalk, ReadsTheSerialNumber) {
    Space space{{{0x100, 0x00010003}, {0x104, 0x33445566}, {0x108, 0x00112233}}};

    EXPECT_EQ(read_serial_number(space.reader()).value(),
              std::optional<std::uint64_t>(0x0011223333445566));
}

TEST(CapabilityWalk, KnowsNoSerialNumberThatWouldLieOutsideOfTheSpace) {
    Space space{{{0x100, 0xff820001}, {0xff8, 0x00010003}}};

    EXPECT_EQ(read_serial_number(space.reader()).value(), std::optional<std::uint64_t>());
}

TEST(CapabilityWalk, PassesTheErrorOfAReadOn) {
    const ReadConfig broken = [](std::uint16_t) -> Result<std::uint32_t> {
        return failure(ErrorKind::PermissionDenied, "read");
    };

    EXPECT_EQ(find_capability(broken, 0x10).error().kind, ErrorKind::PermissionDenied);
    EXPECT_EQ(find_extended_capability(broken, 1).error().kind, ErrorKind::PermissionDenied);
    EXPECT_EQ(read_serial_number(broken).error().kind, ErrorKind::PermissionDenied);
}

}  // namespace
}  // namespace slotd::pci
