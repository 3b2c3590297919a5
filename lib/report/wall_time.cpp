#include "report/wall_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

namespace slotd::report {

std::string iso_time(std::int64_t realtime_us) {
    using namespace std::chrono;
    constexpr auto kFirst = sys_days(year(0) / January / 1);
    constexpr auto kLast = sys_days(year(10000) / January / 1) - microseconds(1);
    const auto least = duration_cast<microseconds>(kFirst.time_since_epoch());
    const auto most = duration_cast<microseconds>(kLast.time_since_epoch());
    const sys_time<microseconds> at{std::clamp(microseconds(realtime_us), least, most)};
    const auto midnight = floor<days>(at);
    const year_month_day date{midnight};
    const hh_mm_ss time{at - midnight};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

}  // namespace slotd::report
