#include "daemon/standstill.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "base/time.hpp"

namespace slotd::daemon {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{1000s};

TEST(Standstill, IsNoneWhereDeadlinesComeInTime) {
    Standstill standstill;
    standstill.armed(kStart + 5s, kStart);

    EXPECT_FALSE(standstill.seen_at(kStart + 5s));
    EXPECT_FALSE(standstill.seen_at(kStart + 7s));
    EXPECT_EQ(standstill.deadline(kStart + 9s), kStart + 9s);
}

TEST(Standstill, IsSeenByADeadlineThatComesLateAndThenNoneCountsForASecond) {
    Standstill standstill;
    standstill.armed(kStart + 5s, kStart);
    ASSERT_TRUE(standstill.seen_at(kStart + 60s));

    standstill.over(kStart + 60s);

    EXPECT_EQ(standstill.deadline(kStart + 5s), kStart + 61s);
    EXPECT_EQ(standstill.deadline(kStart + 70s), kStart + 70s);
    EXPECT_EQ(standstill.deadline(kNever), kNever);
}

TEST(Standstill, OfAMachineThatIsAlwaysLateEndsWithADeadlineThatCounts) {
    Standstill standstill;
    standstill.armed(kStart, kStart);
    ASSERT_TRUE(standstill.seen_at(kStart + 10s));
    standstill.armed(kStart + 11s, kStart + 10s);

    EXPECT_FALSE(standstill.seen_at(kStart + 20s));

    standstill.armed(kStart + 21s, kStart + 20s);
    EXPECT_TRUE(standstill.seen_at(kStart + 30s));
}

// What is due already when the timer is set comes at once, and is not late.
TEST(Standstill, IsNoneOfATimeThatHadPassedBefore) {
    Standstill standstill;
    standstill.armed(kStart - 50s, kStart);

    EXPECT_FALSE(standstill.seen_at(kStart + 1s));
}

}  // namespace
}  // namespace slotd::daemon
