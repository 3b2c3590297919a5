#pragma once

#include <string>

#include "action/record.hpp"
#include "report/style.hpp"

namespace slotd::report {

/// One record as one line without its newline: "0000:00:02.0 #7.1 resetting: slot reset, because
/// ...". Control characters are gone; the caller puts a time before it where the reader has none.
std::string record_line(const action::Record& record, const Style& style);

}  // namespace slotd::report
