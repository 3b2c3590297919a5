#pragma once

#include <string>
#include <string_view>

#include "action/record.hpp"
#include "report/style.hpp"

namespace slotd::report {

enum class Paint { Plain, Good, Attention, Alarm, Faint };

/// `text` in the paint, reset after it; unchanged without colour.
std::string painted(std::string_view text, Paint paint, const Style& style);

/// What a phase asks of the reader: nothing (idle), to know (slotd or the kernel is at it), to act.
Paint paint_of_phase(std::string_view phase);
Paint paint_of(action::Priority priority);

}  // namespace slotd::report
