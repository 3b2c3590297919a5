#pragma once

#include <string_view>

#include "report/style.hpp"

namespace slotd::ctl {

/// What --color says.
enum class Colour { Auto, Always, Never };

/// How stdout wants it: on a terminal its width, and colour (NO_COLOR and TERM=dumb are honoured);
/// nothing of both where it is a file or a pipe. Trees are drawn with box characters where the
/// locale's characters are UTF-8.
report::Style stdout_style(Colour colour = Colour::Auto);

/// All of `text` to `fd`; false with errno when it could not be written.
bool write_all(int fd, std::string_view text);
/// All of `text` to stdout; false when it could not be written (a full disk).
bool print(std::string_view text);
/// All of `text` to stderr, as it is, best effort.
void print_error(std::string_view text);
/// "slotctl: text" as one line to stderr.
void complain(std::string_view text);

}  // namespace slotd::ctl
