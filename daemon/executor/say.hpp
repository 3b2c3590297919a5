#pragma once

#include <string_view>

#include "action/record.hpp"

namespace slotd::executor {

/// One line on stderr with its priority in front, as journald and slotd read it: "<4>slotd-exec:
/// ...". One write(2), because workers write to the same place.
void say(action::Priority priority, std::string_view text);

}  // namespace slotd::executor
