#include "history/stamp.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>

#include "base/time.hpp"

namespace slotd::history {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(Stamp, AgesByTimeSinceBootWithinOneBoot) {
    const Stamp then{1000 * kSecond, 100 * kSecond, "a"};

    EXPECT_EQ(age_of(then, {1060 * kSecond, 160 * kSecond, "a"}), 60s);
    EXPECT_EQ(age_of(then, {9999 * kSecond, 160 * kSecond, "a"}), 60s) << "wall clock set forward";
    EXPECT_EQ(age_of(then, {1 * kSecond, 160 * kSecond, "a"}), 60s) << "wall clock set back";
}

TEST(Stamp, AgesByWallClockOverAReboot) {
    const Stamp then{1000 * kSecond, 100 * kSecond, "a"};

    EXPECT_EQ(age_of(then, {1600 * kSecond, 5 * kSecond, "b"}), 600s);
}

// A clock set back makes a reservation young, not forgotten; but it was made before this boot
// began.
TEST(Stamp, IsAtLeastAsOldAsThisBootIfItIsOfAnotherOne) {
    const Stamp then{5000 * kSecond, 100 * kSecond, "a"};

    EXPECT_EQ(age_of(then, {1000 * kSecond, 0, "b"}), 0s);
    EXPECT_EQ(age_of(then, {1000 * kSecond, 40 * kSecond, "b"}), 40s);
}

TEST(Stamp, HasOnlyTheWallClockWhereABootIsUnknown) {
    EXPECT_EQ(age_of({1000 * kSecond, 1, ""}, {1007 * kSecond, 500 * kSecond, ""}), 7s);
    EXPECT_EQ(age_of({1000 * kSecond, 1, ""}, {1007 * kSecond, 500 * kSecond, "b"}), 7s);
    EXPECT_EQ(age_of({1000 * kSecond, 1, "a"}, {999 * kSecond, 500 * kSecond, ""}), 0s);
}

TEST(Stamp, IsNeverNegativeAndNeverOverflows) {
    EXPECT_EQ(age_of({0, 2, "a"}, {0, 1, "a"}), 0s);
    EXPECT_EQ(age_of({kLeast, 0, "a"}, {kMost, 0, "b"}), Duration::max());
    EXPECT_EQ(age_of({kMost, 0, "a"}, {kLeast, 0, "b"}), 0s);
    EXPECT_EQ(age_of({0, kLeast, "a"}, {0, kMost, "a"}), Duration::max());
    EXPECT_EQ(age_of({0, 0, "a"}, {kMost, kLeast, "b"}), std::chrono::microseconds(kMost / 1000));
}

}  // namespace
}  // namespace slotd::history
