#pragma once

#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "report/style.hpp"

namespace slotd::report {

/// `slotctl list`: one line for each port, nested ports indented below their Root Port, further
/// functions of a card and closed gates on lines of their own. Fits 80 columns.
std::string slot_table(const std::vector<coordinator::SlotStatus>& slots, const Style& style);

/// `slotctl show`: everything known about one slot, one fact a line.
std::string slot_page(const coordinator::SlotStatus& slot, const Style& style);

}  // namespace slotd::report
