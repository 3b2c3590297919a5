// report::make_timeline over lines of a journal that may hold anything, and every way to print it.
#include "report/timeline.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/time.hpp"
#include "evidence/journal_line.hpp"
#include "report/timeline_html.hpp"
#include "report/timeline_text.hpp"
#include "tests/fuzz/journal_lines.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

void require_ordered(const report::Timeline& timeline) {
    require(std::ranges::is_sorted(timeline.happenings, {}, &report::Happening::at),
            "what happened stands in the order of time");
    std::array<Duration, report::kLanes> busy_until{};
    for (const report::AtWork& work : timeline.at_work) {
        require(work.from <= work.until, "no work ends before it begins");
        Duration& busy = busy_until.at(static_cast<std::size_t>(work.lane));
        require(work.from >= busy, "nobody does two things at a time");
        busy = work.until;
    }
}

}  // namespace

void fuzz_timeline(std::span<const std::uint8_t> bytes) {
    const std::vector<evidence::JournalLine> lines = journal_lines(bytes);
    if (lines.empty()) {
        return;
    }
    const report::Timeline timeline = report::make_timeline(lines);
    require_ordered(timeline);
    for (const std::size_t columns : {std::size_t{0}, std::size_t{80}, std::size_t{200}}) {
        const report::Style style{.colour = false, .columns = columns, .unicode = columns == 80};
        require(has_printable_lines(report::timeline_text(timeline, style, {})),
                "a timeline is printable");
    }
    require(parse_json_object(report::timeline_json(timeline)).has_value(), "its JSON is JSON");
    const std::string page = report::timeline_html(timeline, {3600, "CET"});
    require(page.find("<script") == std::string::npos, "a page has no script");
    require(has_printable_lines(page), "a page is printable");
    require(report::timeline_svg(timeline).find("<script") == std::string::npos,
            "nor has its picture");
}

}  // namespace slotd::fuzz
