#pragma once

#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "pci/link.hpp"
#include "pci/topology.hpp"
#include "report/paint.hpp"

namespace slotd::report {

/// Facts of a slot as short text for people, printable; the tree and the page share them.

/// "-" where the slot has no name.
std::string slot_name_text(const coordinator::SlotStatus& slot);
/// Automatic attempts that are left; "off" where slotd does not act unless asked.
std::string left_text(const coordinator::SlotStatus& slot);
Paint paint_of_left(const coordinator::SlotStatus& slot);
/// "8GT/s x4", with " (of x16)", " (of 16GT/s)" or both where port and card can do more; "empty"
/// without a card, "down" with a card and without a link, "unknown".
std::string link_text(const coordinator::SlotStatus& slot);
Paint paint_of_link(const coordinator::SlotStatus& slot);
/// "e1000e", "no driver"
std::string driver_text(const pci::Function& function);
/// "8086:10d3", "no answer"
std::string short_identity(const pci::Function& function);
/// "by uid 0 ...: changing the card, for another 1 h 59 min"
std::string hold_text(const coordinator::SlotStatus& slot);

}  // namespace slotd::report
