#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "report/printable.hpp"
#include "report/timeline.hpp"
#include "report/timeline_html.hpp"

namespace slotd::report {

namespace {

using namespace std::chrono_literals;

constexpr double kWidth = 780;
constexpr double kTimeWidth = 84;
constexpr std::array<double, kLanes> kLaneWidth{158, 158, 226, 150};
constexpr double kTop = 64;
constexpr double kRow = 23;
constexpr double kCharacter = 7.3;  ///< of the font below, a little more than most have
/// A silence longer than this is drawn as one.
constexpr Duration kSilence = 1s;
constexpr double kSilenceHeight = 24;

constexpr std::string_view kStyle = R"(<style>
.tl{--bg:#fff;--fg:#1f2328;--dim:#59636e;--line:#d1d9e0;--band:#f6f8fa;--plain:#0969da;
--good:#1a7f37;--warning:#9a6700;--bad:#d1242f}
@media (prefers-color-scheme:dark){.tl{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#3d444d;
--band:#151b23;--plain:#4493f8;--good:#3fb950;--warning:#d29922;--bad:#f85149}}
.tl{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.tl .bg{fill:var(--bg)}.tl .band{fill:var(--band)}.tl .line{stroke:var(--line)}
.tl text{fill:var(--fg)}.tl .dim{fill:var(--dim)}.tl .lane{font-weight:bold}
.tl .plain{fill:var(--plain)}.tl .good{fill:var(--good)}.tl .warning{fill:var(--warning)}
.tl .bad{fill:var(--bad)}
.tl text.bad,.tl text.warning,.tl text.good{font-weight:bold}
.tl .work{opacity:.45}
</style>
)";

constexpr std::array<std::string_view, kLanes> kAbout{
    "the kernel's error recovery", "the kernel's hot-plug", "slotd: its phases and its steps",
    "whoever uses the card: driver, hooks, operators"};

/// When `time` is drawn: rows are as high as their words, whatever time lies between them.
class Scale {
public:
    explicit Scale(const std::vector<Happening>& rows) {
        double y = kTop;
        for (std::size_t row = 0; row < rows.size(); ++row) {
            if (row > 0 && rows[row].at - rows[row - 1].at > kSilence) {
                y += kSilenceHeight;
            }
            y += kRow;
            at_.push_back(rows[row].at);
            y_.push_back(y);
        }
    }

    double of_row(std::size_t row) const { return y_[row]; }

    double of(Duration time) const {
        const auto after = std::ranges::lower_bound(at_, time);
        const auto row = static_cast<std::size_t>(after - at_.begin());
        if (after == at_.end()) {
            return y_.back() + kRow / 2;
        }
        if (*after == time || row == 0) {
            return row == 0 && *after != time ? y_.front() - kRow / 2 : y_[row];
        }
        const auto part = static_cast<double>((time - at_[row - 1]).count()) /
                          static_cast<double>((at_[row] - at_[row - 1]).count());
        return y_[row - 1] + (y_[row] - y_[row - 1]) * part;
    }

    double bottom() const { return y_.empty() ? kTop + kRow : y_.back() + kRow; }

private:
    std::vector<Duration> at_;
    std::vector<double> y_;
};

class Picture {
public:
    explicit Picture(const Timeline& timeline) : timeline_(timeline), scale_(timeline.happenings) {}

    std::string svg() {
        const double height = scale_.bottom() + 12;
        add(R"(<svg class="tl" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1:.0f}" )"
            R"(width="{0}" height="{1:.0f}" role="img">)"
            "\n<title>{2}</title>\n",
            kWidth, height, html_escaped("incident " + timeline_.incident));
        out_ += kStyle;
        add(R"(<rect class="bg" width="{}" height="{:.0f}" rx="6"/>)"
            "\n",
            kWidth, height);
        heading(height);
        for (const AtWork& one : timeline_.at_work) {
            work(one);
        }
        for (std::size_t row = 0; row < timeline_.happenings.size(); ++row) {
            happening(row);
        }
        out_ += "</svg>\n";
        return out_;
    }

private:
    template <class... Values>
    void add(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Values>(values)...);
    }

    static double left_of(Lane lane) {
        double x = kTimeWidth;
        for (std::size_t before = 0; before < static_cast<std::size_t>(lane); ++before) {
            x += kLaneWidth[before];
        }
        return x;
    }

    void heading(double height) {
        const std::string about = timeline_.incident +
                                  (timeline_.slot.empty() ? "" : "  slot " + timeline_.slot) +
                                  (timeline_.port.empty() ? "" : "  port " + timeline_.port);
        add(R"(<text x="14" y="24">incident {}</text>)"
            "\n",
            html_escaped(about));
        add(R"(<text class="dim" x="{}" y="54" text-anchor="end">seconds</text>)"
            "\n",
            kTimeWidth - 16);
        for (std::size_t index = 0; index < kLanes; ++index) {
            const auto lane = static_cast<Lane>(index);
            if (index % 2 == 0) {
                add(R"(<rect class="band" x="{}" y="36" width="{}" height="{:.0f}" rx="4"/>)"
                    "\n",
                    left_of(lane), kLaneWidth[index] - 6, height - 44);
            }
            add(R"(<text class="lane" x="{}" y="54">{}<title>{}</title></text>)"
                "\n",
                left_of(lane) + 26, to_text(lane), html_escaped(kAbout[index]));
        }
    }

    void work(const AtWork& one) {
        const double from = scale_.of(one.from);
        const double until = std::max(scale_.of(one.until), from + 3);
        add(R"(<rect class="work {}" x="{}" y="{:.1f}" width="7" height="{:.1f}" rx="2">)"
            "<title>{}</title></rect>\n",
            to_text(one.tone), left_of(one.lane) + 8, from, until - from,
            html_escaped(fmt::format("{} ({} s to {} s)", one.detail, seconds(one.from),
                                     seconds(one.until))));
    }

    void happening(std::size_t row) {
        const Happening& one = timeline_.happenings[row];
        const double y = scale_.of_row(row);
        const double x = left_of(one.lane);
        const std::string stamp = seconds(one.at);
        const Duration before = row == 0 ? Duration::zero() : timeline_.happenings[row - 1].at;
        if (row > 0 && one.at - before > kSilence) {
            add(R"(<text class="dim" x="{}" y="{:.1f}" text-anchor="end">... {}</text>)"
                "\n",
                kTimeWidth - 16, y - kRow + 2, brief_duration(one.at - before));
        }
        if (row == 0 || stamp != seconds(before)) {
            add(R"(<text class="dim" x="{}" y="{:.1f}" text-anchor="end">{}</text>)"
                "\n",
                kTimeWidth - 16, y + 4, stamp);
        }
        out_ += "<g>";
        add("<title>{}</title>", html_escaped(fmt::format("{} s: {}", stamp, one.detail)));
        if (one.from && one.at - *one.from >= 1ms) {
            const double from = scale_.of(*one.from);
            add(R"(<rect class="{}" x="{}" y="{:.1f}" width="3" height="{:.1f}" rx="1"/>)",
                to_text(one.tone), x + 18, from, std::max(y - from, 4.0));
        }
        add(R"(<circle class="{}" cx="{}" cy="{:.1f}" r="4"/>)", to_text(one.tone), x + 11.5, y);
        add(R"(<text{} x="{}" y="{:.1f}">{}</text></g>)"
            "\n",
            one.tone == Tone::Plain ? std::string()
                                    : fmt::format(R"( class="{}")", to_text(one.tone)),
            x + 26, y + 4, html_escaped(words(one)));
    }

    static std::string words(const Happening& one) {
        const auto room = static_cast<std::size_t>(
            (kLaneWidth[static_cast<std::size_t>(one.lane)] - 30) / kCharacter);
        if (one.from && one.at - *one.from >= 10ms) {
            std::string longer = one.text + " " + brief_duration(one.at - *one.from);
            if (columns(longer) <= room) {
                return longer;
            }
        }
        return cut(one.text, room);
    }

    const Timeline& timeline_;
    Scale scale_;
    std::string out_;
};

}  // namespace

std::string timeline_svg(const Timeline& timeline) {
    return Picture(timeline).svg();
}

}  // namespace slotd::report
