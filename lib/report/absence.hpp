#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slotd::report {

/// What systemd says of slotd.service, in its own words (`systemctl show`, org.freedesktop.systemd1
/// in the D-Bus interface); empty where it said nothing.
struct UnitState {
    std::string load = {};    ///< "loaded", "not-found", "masked"
    std::string active = {};  ///< "active", "activating", "failed", "inactive"
    std::string sub = {};     ///< "running", "auto-restart", "dead"
    std::string file = {};    ///< "enabled", "disabled"
    std::string result = {};  ///< of the last run: "success", "start-limit-hit", "exit-code"
    bool operator==(const UnitState&) const = default;
};

/// From lines "LoadState=loaded"; nullopt where no line tells how the unit is loaded.
std::optional<UnitState> parse_unit_state(std::string_view text);

/// Why slotd does not answer, and what to do, as one sentence or two; nullopt: no systemd said
/// anything of its unit.
std::string why_absent(const std::optional<UnitState>& unit);

}  // namespace slotd::report
