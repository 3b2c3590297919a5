#pragma once

#include <cstdint>
#include <string>

#include "report/style.hpp"
#include "report/timeline.hpp"

namespace slotd::report {

/// Where and in what words wall-clock times are given.
struct TimeZone {
    std::int64_t east_of_utc_s = 0;
    std::string name = "UTC";
};

/// The four lanes beside each other, a row for each thing that happened, a bar where an actor is at
/// work; then slotd's own words. As wide as `style` says, 80 columns where it says nothing.
std::string timeline_text(const Timeline& timeline, const Style& style, const TimeZone& zone);

/// One object, as docs/control.md describes it; one line.
std::string timeline_json(const Timeline& timeline);

}  // namespace slotd::report
