#include "report/health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "report/printable.hpp"

namespace slotd::report {

namespace {

Severity severity_of(const coordinator::SlotStatus& slot) {
    constexpr std::string_view kForAPerson[] = {"needs-operator", "quarantined", "wedged"};
    if (std::ranges::find(kForAPerson, slot.phase) != std::end(kForAPerson) ||
        !slot.quarantine.empty()) {
        return Severity::Critical;
    }
    const bool used_up = slot.automatic_action && slot.budget_left == 0;
    return slot.phase == "held" || used_up ? Severity::Warning : Severity::Ok;
}

const char* to_text(Severity severity) {
    switch (severity) {
        case Severity::Ok:
            return "OK";
        case Severity::Warning:
            return "WARNING";
        case Severity::Critical:
            return "CRITICAL";
        case Severity::Unknown:
            return "UNKNOWN";
    }
    return "UNKNOWN";
}

/// "0000:00:1c.0 (slot 5): quarantined: five attempts within an hour"
std::string line_of(const coordinator::SlotStatus& slot) {
    std::string line = slot.port.to_string();
    if (!slot.slot.empty()) {
        line += " (slot " + printable(slot.slot) + ")";
    }
    line += ": " + printable(slot.phase);
    if (!slot.reason.empty()) {
        line += ": " + printable(slot.reason);
    }
    if (slot.automatic_action && slot.budget_left == 0) {
        line += ", no automatic attempt is left";
    }
    // What comes after a bar is performance data to a monitoring system.
    std::ranges::replace(line, '|', '/');
    return line + "\n";
}

}  // namespace

Health health_of(const std::vector<coordinator::SlotStatus>& slots) {
    std::map<std::string, std::size_t> phases;
    std::vector<const coordinator::SlotStatus*> ill;
    Health health;
    for (const coordinator::SlotStatus& slot : slots) {
        ++phases[slot.phase];
        if (severity_of(slot) != Severity::Ok) {
            ill.push_back(&slot);
        }
        health.severity = std::max(health.severity, severity_of(slot));
    }
    std::ranges::stable_sort(ill, [](const auto* one, const auto* other) {
        return severity_of(*one) > severity_of(*other);
    });
    std::string counts;
    std::string data = fmt::format("slots={}", slots.size());
    for (const auto& [phase, number] : phases) {
        counts += fmt::format(", {} {}", number, printable(phase));
        data += fmt::format(" {}={}", printable(phase), number);
    }
    std::ranges::replace(counts, '|', '/');
    std::ranges::replace(data, '|', '/');
    health.text = fmt::format("SLOTD {}: {} slots{} | {}\n", to_text(health.severity), slots.size(),
                              counts, data);
    for (const auto* slot : ill) {
        health.text += line_of(*slot);
    }
    return health;
}

}  // namespace slotd::report
