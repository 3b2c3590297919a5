#include "report/absence.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "report/printable.hpp"

namespace slotd::report {

namespace {

std::string value_of(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        if (line.starts_with(key) && line.substr(key.size()).starts_with('=')) {
            return printable(line.substr(key.size() + 1));
        }
        text = end == std::string_view::npos ? "" : text.substr(end + 1);
    }
    return "";
}

}  // namespace

std::optional<UnitState> parse_unit_state(std::string_view text) {
    UnitState unit{value_of(text, "LoadState"), value_of(text, "ActiveState"),
                   value_of(text, "SubState"), value_of(text, "UnitFileState"),
                   value_of(text, "Result")};
    if (unit.load.empty()) {
        return std::nullopt;
    }
    return unit;
}

std::string why_absent(const std::optional<UnitState>& unit) {
    if (!unit) {
        return "systemd says nothing of slotd.service here: start slotd as it was started before";
    }
    if (unit->load == "not-found") {
        return "slotd.service is not installed on this machine";
    }
    if (unit->load == "masked") {
        return "slotd.service is masked: 'systemctl unmask slotd.service', then 'systemctl start "
               "slotd.service'";
    }
    if (unit->active == "failed") {
        return fmt::format(
            "slotd.service has failed ({}): 'journalctl -u slotd' says why; then 'systemctl "
            "reset-failed slotd.service' and 'systemctl start slotd.service'",
            unit->result);
    }
    if (unit->sub == "auto-restart") {
        return fmt::format(
            "slotd.service has ended ({}) and is being started again: 'journalctl -u slotd' says "
            "why",
            unit->result);
    }
    if (unit->active == "active") {
        return "slotd.service runs and does not answer here: it listens elsewhere (--socket), has "
               "too many clients, or hangs. Its watchdog ends one that hangs after 30 s; "
               "'journalctl -u slotd' has its last words";
    }
    if (unit->active != "inactive") {
        return fmt::format(
            "slotd.service is {}: try again in a moment, or see 'journalctl -u "
            "slotd'",
            unit->active);
    }
    return fmt::format(
        "slotd.service is not running ({}; the last run ended with {}): 'systemctl enable --now "
        "slotd.service' starts it, now and with the machine. Where no port can be watched it ends "
        "by itself, and 'journalctl -u slotd' says so",
        unit->file.empty() ? "not enabled" : unit->file, unit->result);
}

}  // namespace slotd::report
