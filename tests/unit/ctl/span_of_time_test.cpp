#include "daemon/ctl/span_of_time.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace slotd::ctl {
namespace {

using namespace std::chrono_literals;

TEST(SpanOfTime, IsWholeNumbersWithUnits) {
    EXPECT_EQ(span_from_text("1s"), 1s);
    EXPECT_EQ(span_from_text("90s"), 90s);
    EXPECT_EQ(span_from_text("30m"), 30min);
    EXPECT_EQ(span_from_text("2h"), 2h);
    EXPECT_EQ(span_from_text("7d"), 168h);
    EXPECT_EQ(span_from_text("1h30m"), 90min);
    EXPECT_EQ(span_from_text("1d2h3m4s"), 26h + 3min + 4s);
    EXPECT_EQ(span_from_text("366d"), 366 * 24h);
}

TEST(SpanOfTime, IsNothingElse) {
    for (const char* const text :
         {"", "2", "h", "2 h", "2H", "-1h", "+1h", "1.5h", "0s", "0d0h", "1h1h", "30m1h", "1h30",
          "367d", "366d1s", "999999999d", "18446744073709551617s", "2w", "1h\n"}) {
        EXPECT_EQ(span_from_text(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace slotd::ctl
