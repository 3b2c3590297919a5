#include "metrics/exposition.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "metrics/families.hpp"

namespace slotd::metrics {
namespace {

constexpr Family kDoors{"x_doors", Type::Counter, "", "room side", "Doors seen."};
constexpr Family kOpenTime{"x_open_seconds", Type::Counter, "seconds", "", "Time open."};
constexpr Family kWait{"x_wait_seconds", Type::Histogram, "seconds", "room", "Waits."};
constexpr Family kAbout{"x", Type::Info, "", "version", "What it is."};

template <class Fill>
std::string text_of(Format format, Fill fill) {
    Exposition out(format);
    fill(out);
    return std::move(out).text();
}

void some_of_each(Exposition& out) {
    out.begin(kAbout);
    out.sample({"1.0"}, std::uint64_t{1});
    out.begin(kDoors);
    out.sample({"hall", "left"}, std::uint64_t{3});
    out.begin(kOpenTime);
    out.sample({}, 1.25);
}

TEST(Exposition, IsOpenMetrics) {
    EXPECT_EQ(text_of(Format::OpenMetrics, some_of_each),
              "# TYPE x info\n"
              "# HELP x What it is.\n"
              "x_info{version=\"1.0\"} 1\n"
              "# TYPE x_doors counter\n"
              "# HELP x_doors Doors seen.\n"
              "x_doors_total{room=\"hall\",side=\"left\"} 3\n"
              "# TYPE x_open_seconds counter\n"
              "# UNIT x_open_seconds seconds\n"
              "# HELP x_open_seconds Time open.\n"
              "x_open_seconds_total 1.25\n"
              "# EOF\n");
}

// Its parser knows no info, and takes the name in TYPE for that of the samples.
TEST(Exposition, IsWhatTheTextfileCollectorReads) {
    EXPECT_EQ(text_of(Format::Prometheus, some_of_each),
              "# TYPE x_info gauge\n"
              "# HELP x_info What it is.\n"
              "x_info{version=\"1.0\"} 1\n"
              "# TYPE x_doors_total counter\n"
              "# HELP x_doors_total Doors seen.\n"
              "x_doors_total{room=\"hall\",side=\"left\"} 3\n"
              "# TYPE x_open_seconds_total counter\n"
              "# HELP x_open_seconds_total Time open.\n"
              "x_open_seconds_total 1.25\n");
}

TEST(Exposition, CountsWhatAHistogramHasSeenUpToEachBound) {
    Histogram histogram;
    for (const double seconds : {0.1, 0.2, 7.0, 4000.0}) {
        histogram.observe(seconds);
    }

    EXPECT_EQ(text_of(Format::Prometheus,
                      [&](Exposition& out) {
                          out.begin(kWait);
                          out.sample({"hall"}, histogram);
                      }),
              "# TYPE x_wait_seconds histogram\n"
              "# HELP x_wait_seconds Waits.\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"0.1\"} 1\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"0.25\"} 2\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"0.5\"} 2\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"1.0\"} 2\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"2.0\"} 2\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"5.0\"} 2\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"10.0\"} 3\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"30.0\"} 3\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"60.0\"} 3\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"120.0\"} 3\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"300.0\"} 3\n"
              "x_wait_seconds_bucket{room=\"hall\",le=\"+Inf\"} 4\n"
              "x_wait_seconds_sum{room=\"hall\"} 4007.3\n"
              "x_wait_seconds_count{room=\"hall\"} 4\n");
}

// Slot names come from firmware.
TEST(Exposition, LetsNoLabelValueBreakALine) {
    const std::string text = text_of(Format::OpenMetrics, [](Exposition& out) {
        out.begin(kDoors);
        out.sample({"a\"b\\c\nd", "\xff\x1b[2J"}, std::uint64_t{1});
    });

    EXPECT_TRUE(text.contains("x_doors_total{room=\"a\\\"b\\\\c?d\",side=\"??[2J\"} 1\n")) << text;
}

TEST(Exposition, WritesNumbersThatAreNone) {
    const std::string text = text_of(Format::OpenMetrics, [](Exposition& out) {
        out.begin(kOpenTime);
        out.sample({}, std::nan(""));
        out.sample({}, std::numeric_limits<double>::infinity());
        out.sample({}, -std::numeric_limits<double>::infinity());
    });

    EXPECT_TRUE(text.contains("total NaN\nx_open_seconds_total +Inf\nx_open_seconds_total -Inf\n"))
        << text;
}

TEST(Families, HaveNamesOfTheirOwnAndTheirUnitLast) {
    std::set<std::string> names;
    for (const Family* const family : all_families()) {
        const std::string name(family->name);
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_TRUE(name.starts_with("slotd_")) << name;
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
        EXPECT_TRUE(family->unit.empty() || name.ends_with("_" + std::string(family->unit)))
            << name;
        EXPECT_FALSE(name.ends_with("_total") || name.ends_with("_info")) << name;
        EXPECT_TRUE(family->help.ends_with('.')) << name;
        EXPECT_EQ(family->help.find_first_of("\\\"\n"), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace slotd::metrics
