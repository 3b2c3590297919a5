#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace slotd {
namespace {

TEST(Bytes, ReadBackWhatWasWritten) {
    ByteWriter out(64);
    out.number(std::uint8_t{0x12});
    out.number(std::uint16_t{0x3456});
    out.number(std::uint32_t{0x789abcde});
    out.number(std::uint64_t{0xf0e1d2c3b4a59687});
    out.boolean(true);
    out.text("slot 5");
    const Bytes bytes = out.take();

    ByteReader in(bytes);

    EXPECT_EQ(in.number<std::uint8_t>(), 0x12);
    EXPECT_EQ(in.number<std::uint16_t>(), 0x3456);
    EXPECT_EQ(in.number<std::uint32_t>(), 0x789abcde);
    EXPECT_EQ(in.number<std::uint64_t>(), 0xf0e1d2c3b4a59687);
    EXPECT_TRUE(in.boolean());
    EXPECT_EQ(in.text(6), "slot 5");
    EXPECT_TRUE(in.finished());
}

TEST(Bytes, AreLittleEndianOnEveryMachine) {
    ByteWriter out(4);
    out.number(std::uint32_t{0x01020304});

    EXPECT_EQ(out.take(), (Bytes{4, 3, 2, 1}));
}

TEST(Bytes, NeverGrowOverTheirBound) {
    ByteWriter out(3);
    out.number(std::uint16_t{1});
    out.number(std::uint16_t{2});
    out.number(std::uint8_t{3});  // would fit, but the message is broken already

    EXPECT_FALSE(out.ok());
    EXPECT_EQ(out.take(), (Bytes{1, 0}));
}

TEST(Bytes, GiveZeroAndFailPastTheEnd) {
    const Bytes bytes{1, 2, 3};
    ByteReader in(bytes);

    EXPECT_EQ(in.number<std::uint32_t>(), 0U);
    EXPECT_EQ(in.number<std::uint8_t>(), 0U);
    EXPECT_FALSE(in.ok());
}

TEST(Bytes, RefuseATextLongerThanAllowed) {
    const Bytes bytes{3, 0, 'a', 'b', 'c'};
    ByteReader in(bytes);

    EXPECT_EQ(in.text(2), "");
    EXPECT_FALSE(in.ok());
}

TEST(Bytes, RefuseATextThatClaimsMoreThanThereIs) {
    const Bytes bytes{9, 0, 'a', 'b', 'c'};
    ByteReader in(bytes);

    EXPECT_EQ(in.text(100), "");
    EXPECT_FALSE(in.ok());
}

TEST(Bytes, KnowNoThirdBoolean) {
    const Bytes bytes{2};
    ByteReader in(bytes);

    (void)in.boolean();

    EXPECT_FALSE(in.ok());
}

TEST(Bytes, AreNotFinishedWhileSomethingIsLeft) {
    const Bytes bytes{1, 2};
    ByteReader in(bytes);

    (void)in.number<std::uint8_t>();

    EXPECT_TRUE(in.ok());
    EXPECT_FALSE(in.finished());
}

}  // namespace
}  // namespace slotd
