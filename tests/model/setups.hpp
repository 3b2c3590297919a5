#pragma once

#include <vector>

#include "tests/model/state.hpp"

namespace slotd::model {

/// The worlds that are explored, each at one level and with one allowance; what they are for is
/// said at each.
std::vector<Setup> all_setups();

}  // namespace slotd::model
