#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pci/address.hpp"
#include "report/paint.hpp"
#include "report/style.hpp"

namespace slotd::report {

/// A piece of a line, all of it in one paint. Printable.
struct Span {
    std::string text;
    Paint paint = Paint::Plain;
    bool operator==(const Span&) const = default;
};

/// A line of a view, before anybody has decided how it gets onto a screen.
struct Line {
    std::vector<Span> spans;
    std::optional<pci::Address> port = {};  ///< the slot that it is about
    bool heads_slot = false;                ///< the first line about it
    bool operator==(const Line&) const = default;
};

/// Cut to style.columns, painted, with a newline; without blanks at its end.
std::string text_of(const Line& line, const Style& style);
/// Cut to `width` columns; 0 cuts nothing.
Line cut(const Line& line, std::size_t width);

}  // namespace slotd::report
