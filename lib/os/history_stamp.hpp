#pragma once

#include "history/stamp.hpp"

namespace slotd::os {

/// Wall clock, time since boot (suspend included) and boot id, now.
history::Stamp read_stamp();

}  // namespace slotd::os
