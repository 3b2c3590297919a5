#include "report/line.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"

namespace slotd::report {

Line cut(const Line& line, std::size_t width) {
    if (width == 0) {
        return line;
    }
    Line shorter{{}, line.port, line.heads_slot};
    std::size_t left = width;
    for (const Span& span : line.spans) {
        const std::size_t needed = columns(span.text);
        if (needed <= left) {
            shorter.spans.push_back(span);
            left -= needed;
            continue;
        }
        if (left > 0) {
            shorter.spans.push_back({cut(span.text, left), span.paint});
        } else if (!shorter.spans.empty() && !span.text.empty()) {
            // The mark that something is missing takes the place of the last character.
            std::string& last = shorter.spans.back().text;
            last = cut(last + "~", columns(last));
        }
        break;
    }
    return shorter;
}

std::string text_of(const Line& line, const Style& style) {
    Line shown = cut(line, style.columns);
    while (!shown.spans.empty()) {
        std::string& last = shown.spans.back().text;
        last.erase(last.find_last_not_of(' ') + 1);
        if (!last.empty()) {
            break;
        }
        shown.spans.pop_back();
    }
    std::string text;
    for (const Span& span : shown.spans) {
        text += painted(span.text, span.paint, style);
    }
    return text + "\n";
}

}  // namespace slotd::report
