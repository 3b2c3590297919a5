#pragma once

#include <string>

#include "coordinator/slot_status.hpp"
#include "report/style.hpp"

namespace slotd::report {

/// `slotctl show`: everything known about one slot, one fact a line.
std::string slot_page(const coordinator::SlotStatus& slot, const Style& style);

}  // namespace slotd::report
