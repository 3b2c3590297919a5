#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slotd::report {

/// `text` in a form that no terminal and no log line can mistake for anything but text: control
/// characters (C0, DEL, C1, the Unicode line, paragraph and direction controls) and bytes that are
/// not UTF-8 become '?'. Slot names come from firmware, reasons from users, replies from a socket.
std::string printable(std::string_view text);

/// "fence, pciehp of 0000:03:00.0", each of them printable.
std::string printable_list(const std::vector<std::string>& words);

/// Columns that printable text takes, one for each code point. (Wide characters are counted as one;
/// no name that slotd shows has them in practice.)
std::size_t columns(std::string_view text);

/// `text` in exactly `width` columns: filled with blanks, or cut with a final '~'.
std::string fitted(std::string_view text, std::size_t width);

/// `text` in at most `width` columns: cut with a final '~'. A width of 0 cuts nothing.
std::string cut(std::string_view text, std::size_t width);

}  // namespace slotd::report
