#pragma once

#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "report/line.hpp"
#include "report/style.hpp"

namespace slotd::report {

/// Ports, switches and cards as they hang below each other.
struct SlotTree {
    Line heading;
    /// For each port one line, then what is to be said about it (incident, hold, quarantine, closed
    /// gates), then what is below it. Every slot has its line, whatever its path says.
    std::vector<Line> lines;
};

SlotTree slot_tree(const std::vector<coordinator::SlotStatus>& slots, const Style& style);

/// `slotctl list`: the tree with its heading, each line cut to the style's width.
std::string slot_list(const std::vector<coordinator::SlotStatus>& slots, const Style& style);

}  // namespace slotd::report
