#include "report/history_list.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "action/incident.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"
#include "report/wall_time.hpp"

namespace slotd::report {

namespace {

/// "for 1 h 30 min", "until released"
std::string lasts_text(const std::optional<Duration>& lasts) {
    if (!lasts) {
        return "until released";
    }
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*lasts).count();
    if (seconds < 120) {
        return fmt::format("for {} s", seconds);
    }
    const auto minutes = seconds / 60;
    return minutes < 120 ? fmt::format("for {} min", minutes)
                         : fmt::format("for {} h {} min", minutes / 60, minutes % 60);
}

/// What happened, as a sentence without its text.
std::string sentence(const HistoryItem& item) {
    const std::string well = item.well == true ? "well" : "not well";
    if (item.kind == "incident-opened") {
        return "incident opened";
    }
    if (item.kind == "incident-closed") {
        return "incident closed, " + well;
    }
    if (item.kind == "attempt-reserved") {
        return fmt::format("attempt {}, {}", item.attempt,
                           item.automatic == true ? "of slotd's own accord"
                                                  : "asked for by " + printable(item.by));
    }
    if (item.kind == "attempt-ended") {
        return fmt::format("attempt {} ended, {}", item.attempt,
                           item.ambiguous == true ? "outcome unknown" : well);
    }
    if (item.kind == "held") {
        return "held " + lasts_text(item.lasts) + " by " + printable(item.by);
    }
    if (item.kind == "released") {
        return "released by " + printable(item.by);
    }
    return printable(item.kind);
}

std::string full_text(const HistoryItem& item) {
    // A hold's reason is part of who asked for it.
    const bool said = item.kind == "held" || item.kind == "released";
    const std::string more = !item.step.empty() ? printable(item.step) : printable(item.text);
    return said || more.empty() ? sentence(item) : sentence(item) + ": " + more;
}

Paint paint_of(const HistoryItem& item) {
    if (item.kind == "quarantined" || item.kind == "history-lost" || item.ambiguous == true) {
        return Paint::Alarm;
    }
    if (item.well) {
        return *item.well ? Paint::Good : Paint::Attention;
    }
    return Paint::Plain;
}

/// `text` in pieces of at most `width` columns, broken at blanks where there are any.
std::string wrapped(std::string_view text, std::size_t indent, const Style& style) {
    constexpr std::size_t kLeast = 20;
    if (style.columns == 0 || style.columns < indent + kLeast) {
        return std::string(text);
    }
    const std::size_t width = style.columns - indent;
    std::string lines;
    while (columns(text) > width) {
        // As many bytes as columns or more: what is before the first that does not fit.
        std::size_t end = 0;
        for (std::size_t at = 0; at < text.size() && columns(text.substr(0, at + 1)) <= width;
             ++at) {
            end = at + 1;
        }
        const std::size_t blank = text.substr(0, end + 1).rfind(' ');
        const bool at_blank = blank != std::string_view::npos && blank > 0;
        lines +=
            std::string(text.substr(0, at_blank ? blank : end)) + "\n" + std::string(indent, ' ');
        text.remove_prefix(at_blank ? blank + 1 : end);
    }
    return lines + std::string(text);
}

}  // namespace

HistoryItem item_of(const history::Row& row) {
    HistoryItem item;
    item.seq = row.seq;
    item.realtime_us = row.at.realtime_us;
    item.kind = history::name_of(row.entry);
    item.port = history::port_of(row.entry);
    item.incident = history::incident_of(row.entry);
    std::visit(Overloaded{
                   [&](const history::IncidentOpened& one) {
                       item.slot = one.slot;
                       item.text = one.cause;
                   },
                   [&](const history::IncidentClosed& one) {
                       item.well = one.well;
                       item.text = one.how;
                   },
                   [&](const history::AttemptReserved& one) {
                       item.attempt = one.attempt;
                       item.step = one.step;
                       item.automatic = one.automatic;
                       item.by = one.asked_by;
                   },
                   [&](const history::AttemptEnded& one) {
                       item.attempt = one.attempt;
                       item.well = one.well;
                       item.ambiguous = one.ambiguous;
                       item.text = one.how;
                   },
                   [&](const history::Held& one) {
                       item.lasts = one.lasts;
                       item.by = one.by;
                       item.text = one.reason;
                   },
                   [&](const history::Released& one) {
                       item.by = one.by;
                       item.text = one.reason;
                   },
                   [&](const history::Quarantined& one) { item.text = one.reason; },
                   [&](const history::HistoryLost& one) { item.text = one.reason; },
               },
               row.entry);
    return item;
}

std::string history_list(const HistoryItems& history, const WallClock& clock, const Style& style) {
    if (history.items.empty()) {
        return "the history has nothing of that\n";
    }
    std::string list =
        history.more ? painted("... older entries are left out", Paint::Faint, style) + "\n" : "";
    for (const HistoryItem& item : history.items) {
        const std::string time = clock(item.realtime_us) + " ";
        const std::string where = item.port ? item.port->to_string() + " " : "";
        const std::string incident =
            item.incident != 0 ? "#" + action::incident_text(item.incident) + " " : "";
        const std::size_t indent = columns(time);
        const std::string text = wrapped(where + incident + full_text(item), indent, style);
        list += painted(time, Paint::Faint, style) + painted(text, paint_of(item), style) + "\n";
    }
    return list;
}

}  // namespace slotd::report
