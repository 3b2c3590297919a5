#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"

namespace slotd::report {

/// As monitoring has it; the numbers are the exit codes of a Nagios plugin (monitoring-plugins.org,
/// "Plugin Return Codes").
enum class Severity : std::uint8_t { Ok = 0, Warning = 1, Critical = 2, Unknown = 3 };

/// How all slots are, for a monitoring system.
struct Health {
    Severity severity = Severity::Ok;
    /// First line "SLOTD CRITICAL: 2 slots, 1 quarantined | slots=2 ..." with performance data,
    /// then a line for each slot that is not well, worst first; each with its newline.
    std::string text;
    bool operator==(const Health&) const = default;
};

/// Critical: slotd leaves a card alone until a person comes (needs-operator, quarantined, wedged).
/// Warning: a slot is held, or has no automatic attempt left. A slot that is being worked on is
/// well: it takes seconds, and the end says how it went.
Health health_of(const std::vector<coordinator::SlotStatus>& slots);

}  // namespace slotd::report
