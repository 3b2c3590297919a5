#include "history/query.hpp"

#include <gtest/gtest.h>

#include "history/entry.hpp"
#include "pci/address.hpp"

namespace slotd::history {
namespace {

constexpr pci::Address kPort{0, 1, 0, 0};
const Row kRow{1, {100, 5, "a"}, IncidentClosed{7, kPort, true, "", false}};

TEST(Query, MatchesEverythingWithoutConditions) {
    EXPECT_TRUE(matches(Query{}, kRow));
}

TEST(Query, MatchesWhatMeetsEveryCondition) {
    EXPECT_TRUE(matches({kPort, 7, 100, 1}, kRow));
    EXPECT_FALSE(matches({pci::Address{}, 7, {}, 1}, kRow));
    EXPECT_FALSE(matches({kPort, 8, {}, 1}, kRow));
    EXPECT_FALSE(matches({{}, {}, 101, 1}, kRow));
}

TEST(Query, FindsNoSlotInALoss) {
    EXPECT_FALSE(matches({kPort, {}, {}, 1}, Row{1, {}, HistoryLost{""}}));
}

}  // namespace
}  // namespace slotd::history
