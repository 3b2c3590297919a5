#pragma once

#include <string_view>

#include "report/style.hpp"

namespace slotd::ctl {

/// How stdout wants it: colour and the terminal's width where it is a terminal (NO_COLOR and
/// TERM=dumb are honoured), nothing of both where it is a file or a pipe.
report::Style stdout_style();

/// All of `text` to stdout; false when it could not be written (a full disk).
bool print(std::string_view text);
/// All of `text` to stderr, as it is, best effort.
void print_error(std::string_view text);
/// "slotctl: text" as one line to stderr.
void complain(std::string_view text);

}  // namespace slotd::ctl
