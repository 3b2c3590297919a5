#pragma once

#include <string>
#include <string_view>

#include "report/timeline.hpp"
#include "report/timeline_text.hpp"

namespace slotd::report {

/// One page that needs nothing else: no script, no file beside it. Light or dark as the reader's
/// system is. Whatever came from the journal is escaped.
std::string timeline_html(const Timeline& timeline, const TimeZone& zone);

/// The picture of that page, as it stands in it and as a file of its own.
std::string timeline_svg(const Timeline& timeline);

/// `text` as the text of an element or the value of a quoted attribute.
std::string html_escaped(std::string_view text);

}  // namespace slotd::report
