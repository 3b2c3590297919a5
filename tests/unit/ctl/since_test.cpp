#include "daemon/ctl/since.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace slotd::ctl {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMorning = 1'764'170'544'000'000;  // 2025-11-26 15:22:24 UTC

/// A machine east of Greenwich, two hours ahead.
class SinceTest : public testing::Test {
protected:
    SinceTest() {
        ::setenv("TZ", "EET-2", 1);
        ::tzset();
    }
};

TEST_F(SinceTest, IsSoLongAgo) {
    EXPECT_EQ(since_from_text("2h"), Since(Duration(2h)));
    EXPECT_EQ(microseconds_of(Duration(2s), kMorning), kMorning - 2'000'000);
    EXPECT_EQ(microseconds_of(Duration(2s), 0), 0);
}

TEST_F(SinceTest, IsADateWithOrWithoutATime) {
    EXPECT_EQ(since_from_text("2025-11-26T15:22:24Z"), Since(kMorning));
    EXPECT_EQ(since_from_text("2025-11-26 17:22:24"), Since(kMorning));
    EXPECT_EQ(since_from_text("2025-11-26 17:22"), Since(kMorning - 24'000'000));
    EXPECT_EQ(since_from_text("2025-11-26"), Since(std::int64_t{1'764'108'000'000'000}));
    EXPECT_EQ(microseconds_of(Since(kMorning), 5), kMorning);
}

TEST_F(SinceTest, IsNothingElse) {
    for (const char* const text : {"", "yesterday", "2025", "2025-13-01", "2025-11-26 25:00",
                                   "2025-11-26 15:22x", "1960-01-01", "Z", "-2h"}) {
        EXPECT_EQ(since_from_text(text), std::nullopt) << text;
    }
}

TEST_F(SinceTest, IsShownAsTheWallClockWhereTheMachineIs) {
    EXPECT_EQ(local_date_and_time(kMorning), "2025-11-26 17:22:24");
}

}  // namespace
}  // namespace slotd::ctl
