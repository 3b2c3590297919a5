#include "pci/link.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace slotd::pci {
namespace {

TEST(Link, NamesEverySpeedAndKnowsItByItsNumber) {
    EXPECT_STREQ(speed_text(1), "2.5 GT/s");
    EXPECT_STREQ(speed_text(6), "64.0 GT/s");
    for (std::uint8_t speed = 1; speed <= 6; ++speed) {
        EXPECT_EQ(speed_from_mts(speed_in_mts(speed)), speed);
    }
}

TEST(Link, DoesNotGuessAtEncodingsThatAreNone) {
    for (const int encoding : {0, 7, 15, 255}) {
        const auto speed = static_cast<std::uint8_t>(encoding);
        EXPECT_STREQ(speed_text(speed), "?");
        EXPECT_EQ(speed_in_mts(speed), 0U);
    }
    EXPECT_EQ(speed_from_mts(0), 0);
    EXPECT_EQ(speed_from_mts(8001), 0);
}

TEST(Link, IsSlowerOrNarrowerOnlyThanWhatIsKnown) {
    EXPECT_TRUE((Link{true, 2, 4, 3, 4}).slower());
    EXPECT_TRUE((Link{true, 3, 1, 3, 4}).narrower());
    EXPECT_FALSE((Link{true, 3, 4, 0, 0}).slower());
    EXPECT_FALSE((Link{true, 3, 4, 0, 0}).narrower());
    EXPECT_FALSE((Link{false, 0, 0, 3, 4}).slower());
    EXPECT_FALSE((Link{}).known());
}

}  // namespace
}  // namespace slotd::pci
