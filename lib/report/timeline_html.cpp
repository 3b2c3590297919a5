#include "report/timeline_html.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

#include "action/record.hpp"
#include "base/time.hpp"
#include "report/timeline.hpp"
#include "report/timeline_text.hpp"

namespace slotd::report {

namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
)";

constexpr std::string_view kStyle = R"(<style>
:root{--bg:#fff;--fg:#1f2328;--dim:#59636e;--line:#d1d9e0;--good:#1a7f37;--warning:#9a6700;
--bad:#d1242f}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#3d444d;
--good:#3fb950;--warning:#d29922;--bad:#f85149}}
body{background:var(--bg);color:var(--fg);font:14px/1.5 system-ui,sans-serif;max-width:796px;
margin:24px auto;padding:0 8px}
h1{font-size:20px;margin:0 0 12px}h2{font-size:16px;margin:24px 0 8px}
code,td.at{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:12.5px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0 0 16px}dt{
color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
svg{max-width:100%;height:auto;border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%}td{border-top:1px solid var(--line);padding:4px 8px;
vertical-align:top;overflow-wrap:anywhere}
td.at{color:var(--dim);text-align:right;white-space:nowrap;width:5em}
.good{color:var(--good)}.warning{color:var(--warning)}.bad{color:var(--bad)}.note{
color:var(--dim)}
</style>
</head>
<body>
)";

std::string_view class_of(action::Priority priority) {
    return priority <= action::Priority::Error     ? "bad"
           : priority == action::Priority::Warning ? "warning"
                                                   : "plain";
}

std::string fact(std::string_view name, std::string_view value, std::string_view tone = "plain") {
    return value.empty() ? std::string()
                         : fmt::format("<dt>{}</dt><dd class=\"{}\">{}</dd>\n", name, tone,
                                       html_escaped(value));
}

}  // namespace

std::string html_escaped(std::string_view text) {
    std::string escaped;
    for (const char byte : text) {
        switch (byte) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\'':
                escaped += "&#39;";
                break;
            default:
                escaped += byte;
        }
    }
    return escaped;
}

std::string timeline_html(const Timeline& timeline, const TimeZone& zone) {
    const std::string incident = html_escaped(timeline.incident);
    std::string page(kHead);
    page += fmt::format("<title>slotd: incident {}</title>\n", incident);
    page += kStyle;
    page += fmt::format("<h1>Incident <code>{}</code></h1>\n<dl>\n", incident);
    page += fact("slot", timeline.slot);
    page += fact("port", timeline.port);
    page += fact("began", wall_clock(timeline.began_us, zone.east_of_utc_s) + " " + zone.name);
    page += fact("lasted", seconds(timeline.lasted) + " s");
    page += fact("cause", timeline.cause);
    page += fact("outcome",
                 timeline.outcome.empty() ? "it is open, or its end is not in the journal"
                                          : timeline.outcome,
                 to_text(timeline.tone));
    page += "</dl>\n" + timeline_svg(timeline);
    for (const std::string& note : timeline.notes) {
        page += "<p class=\"note\">" + html_escaped(note) + "</p>\n";
    }
    page += "<h2>What slotd said</h2>\n<table>\n";
    for (const SaidLine& line : timeline.said) {
        page += fmt::format("<tr><td class=\"at\">{}</td><td class=\"{}\">{}</td></tr>\n",
                            seconds(line.at), class_of(line.priority), html_escaped(line.text));
    }
    page += fmt::format(
        "</table>\n<p class=\"note\">From the journal: <code>journalctl "
        "SLOTD_INCIDENT={}</code></p>\n</body>\n</html>\n",
        incident);
    return page;
}

}  // namespace slotd::report
