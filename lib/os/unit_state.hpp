#pragma once

#include <string>

#include "base/result.hpp"

namespace slotd::os {

/// What `systemctl show` of the PATH says of a unit, a line for each property. It works for every
/// user, and without D-Bus for root. TimedOut where nothing comes for 5 s; NotFound without
/// systemctl.
Result<std::string> unit_properties(const std::string& unit);

}  // namespace slotd::os
