#include "replay/replay_text.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "replay/replay.hpp"
#include "report/paint.hpp"
#include "report/style.hpp"
#include "report/timeline.hpp"
#include "report/timeline_text.hpp"

namespace slotd::replay {

namespace {

using report::Paint;

std::string course_text(const Course& course, std::string_view indent) {
    std::string text = fmt::format("{}\n", fmt::join(course.phases, " > "));
    for (const std::string& step : course.steps) {
        text += fmt::format("{}step: {}\n", indent, step);
    }
    for (const std::string& refusal : course.refusals) {
        text += fmt::format("{}not done: {}\n", indent, refusal);
    }
    return text + fmt::format("{}{}\n", indent,
                              course.end.empty() ? "its end is not in the journal" : course.end);
}

std::string incident_text(const Compared& one, const report::Style& style,
                          const report::TimeZone& zone) {
    constexpr std::string_view kIndent = "           ";
    std::string text = fmt::format("{} {}{} at {} {}\n",
                                   painted(one.same ? "same     " : "DIFFERENT",
                                           one.same ? Paint::Good : Paint::Attention, style),
                                   one.port, one.slot.empty() ? "" : " (slot " + one.slot + ")",
                                   report::wall_clock(one.wall_us, zone.east_of_utc_s), zone.name);
    if (!one.cause.empty()) {
        text += "  cause    " + one.cause + "\n";
    }
    if (one.did) {
        text += "  incident " + one.did->incident + "\n";
    }
    text += "  did      " +
            (one.did ? course_text(*one.did, kIndent) : "nothing: there was no such incident\n");
    if (!one.same) {
        text += "  would    " + (one.would ? course_text(*one.would, kIndent)
                                           : "nothing: there would be no such incident\n");
    }
    for (const std::string& assumed : one.assumed) {
        text += painted("  unknown  assumed: " + assumed, Paint::Faint, style) + "\n";
    }
    return text;
}

nlohmann::json course_json(const std::optional<Course>& course, bool with_number) {
    if (!course) {
        return nullptr;
    }
    nlohmann::json made{{"phases", course->phases},
                        {"steps", course->steps},
                        {"refusals", course->refusals},
                        {"end", course->end}};
    if (with_number) {
        made["incident"] = course->incident;
    }
    return made;
}

}  // namespace

std::string replay_text(const Report& report, const report::Style& style,
                        const report::TimeZone& zone) {
    std::string text;
    std::size_t different = 0;
    for (const Compared& one : report.incidents) {
        text += incident_text(one, style, zone) + "\n";
        different += one.same ? 0 : 1;
    }
    text += fmt::format("{} incidents in {} runs of slotd, {} would have gone another way\n",
                        report.incidents.size(), report.runs, different);
    for (const std::string& note : report.notes) {
        text += painted("note: " + note, Paint::Faint, style) + "\n";
    }
    return text;
}

std::string replay_json(const Report& report) {
    nlohmann::json incidents = nlohmann::json::array();
    for (const Compared& one : report.incidents) {
        incidents.push_back({{"port", one.port},
                             {"slot", one.slot},
                             {"opened_us", one.wall_us},
                             {"cause", one.cause},
                             {"did", course_json(one.did, true)},
                             {"would", course_json(one.would, false)},
                             {"assumed", one.assumed},
                             {"same", one.same}});
    }
    return json_text(
        {{"incidents", std::move(incidents)}, {"runs", report.runs}, {"notes", report.notes}});
}

}  // namespace slotd::replay
