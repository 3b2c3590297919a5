#include "report/timeline_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/time.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"
#include "report/timeline.hpp"

namespace slotd::report {

namespace {

constexpr std::size_t kColumnsDefault = 80;
constexpr std::size_t kColumnsMin = 60;
constexpr std::size_t kTimeColumns = 8;
/// Of the four lanes, in the order of Lane: slotd has the longest words.
constexpr std::array<std::size_t, kLanes> kShare{18, 18, 21, 15};
constexpr Duration kWorthSaying = std::chrono::milliseconds(10);

Paint paint_for(Tone tone) {
    switch (tone) {
        case Tone::Plain:
            return Paint::Plain;
        case Tone::Good:
            return Paint::Good;
        case Tone::Warning:
            return Paint::Attention;
        case Tone::Bad:
            return Paint::Alarm;
    }
    return Paint::Plain;
}

/// Words of `text` in lines of at most `width`; a longer word is cut into pieces.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    while (columns(text) > width) {
        std::size_t end = text.rfind(' ', width);
        const bool blank = end != std::string_view::npos && end != 0;
        end = blank ? end : width;
        while (!blank && end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
            --end;  // not in the middle of a character
        }
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + (blank ? 1 : 0));
    }
    lines.emplace_back(text);
    return lines;
}

class Drawing {
public:
    Drawing(const Timeline& timeline, const Style& style)
        : timeline_(timeline),
          style_(style),
          width_(std::max(style.columns == 0 ? kColumnsDefault : style.columns, kColumnsMin)) {
        std::size_t rest = width_ - kTimeColumns;
        for (std::size_t lane = 0; lane + 1 < kLanes; ++lane) {
            wide_[lane] = kShare[lane] * (width_ - kTimeColumns) / 72;
            rest -= wide_[lane];
        }
        wide_[kLanes - 1] = rest;
    }

    std::string text(const TimeZone& zone) {
        head(zone);
        if (!timeline_.happenings.empty()) {
            lanes();
        }
        words();
        for (const std::string& note : timeline_.notes) {
            out_ += "\n";
            paragraph("note: ", note, Paint::Faint);
        }
        return out_;
    }

private:
    /// `first` once, the lines after it below the text.
    void paragraph(const std::string& first, std::string_view text, Paint paint) {
        bool begun = false;
        for (const std::string& line : wrapped(text, width_ - first.size())) {
            out_ += (begun ? std::string(first.size(), ' ') : first) +
                    painted(line, paint, style_) + "\n";
            begun = true;
        }
    }

    void head(const TimeZone& zone) {
        paragraph("incident  ",
                  timeline_.incident +
                      (timeline_.slot.empty() ? "" : " at slot " + timeline_.slot) +
                      (timeline_.port.empty() ? "" : ", port " + timeline_.port),
                  Paint::Plain);
        paragraph("began     ",
                  wall_clock(timeline_.began_us, zone.east_of_utc_s) + " " + zone.name +
                      ", lasted " + seconds(timeline_.lasted) + " s",
                  Paint::Plain);
        if (!timeline_.cause.empty()) {
            paragraph("cause     ", timeline_.cause, Paint::Plain);
        }
        paragraph("outcome   ",
                  timeline_.outcome.empty() ? "it is open, or its end is not in the journal"
                                            : timeline_.outcome,
                  paint_for(timeline_.tone));
        out_ += "\n";
    }

    /// Beside the bar and the blank before the next lane.
    std::size_t room_of(std::size_t lane) const {
        return wide_[lane] - (lane + 1 == kLanes ? 2 : 3);
    }

    std::string cell(std::size_t lane, const AtWork* work, std::string_view text, Tone tone) {
        const char* const bar = work == nullptr ? " " : style_.unicode ? "│" : "|";
        const std::size_t room = room_of(lane);
        return painted(bar, work == nullptr ? Paint::Plain : paint_for(work->tone), style_) + " " +
               painted(fitted(text, room), text.empty() ? Paint::Plain : paint_for(tone), style_) +
               " ";
    }

    void lanes() {
        std::string line = fmt::format("{:>7} ", "seconds");
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            line += "  " + fitted(to_text(static_cast<Lane>(lane)), wide_[lane] - 2);
        }
        end_line(line);
        std::string last;
        for (const Happening& one : timeline_.happenings) {
            const std::string stamp = seconds(one.at);
            line = fmt::format("{:>7} ", stamp == last ? "" : stamp);
            last = stamp;
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                const bool here = static_cast<std::size_t>(one.lane) == lane;
                line += cell(lane, at_work(timeline_, static_cast<Lane>(lane), one.at),
                             here ? with_duration(one, room_of(lane)) : std::string(), one.tone);
            }
            end_line(line);
        }
        out_ += "\n";
    }

    static std::string with_duration(const Happening& one, std::size_t room) {
        if (one.from && one.at - *one.from >= kWorthSaying) {
            std::string longer = one.text + " " + brief_duration(one.at - *one.from);
            if (columns(longer) <= room) {
                return longer;
            }
        }
        return one.text;
    }

    void end_line(std::string line) {
        line.erase(line.find_last_not_of(' ') + 1);
        out_ += line + "\n";
    }

    void words() {
        out_ += "What slotd said:\n";
        for (const SaidLine& line : timeline_.said) {
            paragraph(fmt::format("{:>7}  ", seconds(line.at)), line.text, paint_of(line.priority));
        }
    }

    const Timeline& timeline_;
    const Style& style_;
    std::size_t width_;
    std::array<std::size_t, kLanes> wide_{};
    std::string out_;
};

std::int64_t microseconds(Duration time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

}  // namespace

std::string timeline_text(const Timeline& timeline, const Style& style, const TimeZone& zone) {
    return Drawing(timeline, style).text(zone);
}

std::string timeline_json(const Timeline& timeline) {
    using nlohmann::json;
    json happenings = json::array();
    for (const Happening& one : timeline.happenings) {
        happenings.push_back({{"at_us", microseconds(one.at)},
                              {"from_us", one.from ? json(microseconds(*one.from)) : json(nullptr)},
                              {"lane", to_text(one.lane)},
                              {"text", one.text},
                              {"detail", one.detail},
                              {"tone", to_text(one.tone)}});
    }
    json at_work = json::array();
    for (const AtWork& one : timeline.at_work) {
        at_work.push_back({{"lane", to_text(one.lane)},
                           {"from_us", microseconds(one.from)},
                           {"until_us", microseconds(one.until)},
                           {"detail", one.detail}});
    }
    json said = json::array();
    for (const SaidLine& one : timeline.said) {
        said.push_back({{"at_us", microseconds(one.at)},
                        {"priority", static_cast<unsigned>(one.priority)},
                        {"text", one.text}});
    }
    return json_text({{"incident", timeline.incident},
                      {"port", timeline.port},
                      {"slot", timeline.slot},
                      {"began_us", timeline.began_us},
                      {"lasted_us", microseconds(timeline.lasted)},
                      {"cause", timeline.cause},
                      {"outcome", timeline.outcome},
                      {"happenings", std::move(happenings)},
                      {"at_work", std::move(at_work)},
                      {"lines", std::move(said)},
                      {"notes", timeline.notes}});
}

}  // namespace slotd::report
