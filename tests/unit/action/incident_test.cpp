#include "action/incident.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>

namespace slotd::action {
namespace {

TEST(Incident, IsSixteenHexDigitsAndReadBack) {
    EXPECT_EQ(incident_text(0x6746f1e000030001), "6746f1e000030001");
    EXPECT_EQ(incident_text(7), "0000000000000007");
    constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint64_t incident : {std::uint64_t{1}, std::uint64_t{0xabc}, kMost}) {
        EXPECT_EQ(incident_from_text(incident_text(incident)), incident);
    }
    EXPECT_EQ(incident_from_text("7"), 7U);
    EXPECT_EQ(incident_from_text("6746F1E000030001"), 0x6746f1e000030001U);
}

TEST(Incident, IsNothingElse) {
    for (const char* const text :
         {"", "0", "0000000000000000", "g", "-1", "0x7", " 7", "7 ", "00000000000000007"}) {
        EXPECT_EQ(incident_from_text(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace slotd::action
