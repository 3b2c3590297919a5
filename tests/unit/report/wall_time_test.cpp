#include "report/wall_time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace slotd::report {
namespace {

TEST(WallTime, IsIso8601InUtc) {
    EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(iso_time(1'764'170'544'000'123), "2025-11-26T15:22:24.000123Z");
    EXPECT_EQ(iso_time(951'782'400'000'000), "2000-02-29T00:00:00.000000Z");
    EXPECT_EQ(iso_time(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(WallTime, StaysWithinFourDigitsOfYears) {
    EXPECT_EQ(iso_time(std::numeric_limits<std::int64_t>::max()), "9999-12-31T23:59:59.999999Z");
    EXPECT_EQ(iso_time(std::numeric_limits<std::int64_t>::min()), "0000-01-01T00:00:00.000000Z");
}

}  // namespace
}  // namespace slotd::report
