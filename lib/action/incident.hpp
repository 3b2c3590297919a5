#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slotd::action {

/// The number of an incident as people see it, and as SLOTD_INCIDENT has it in the journal: 16 hex
/// digits.
std::string incident_text(std::uint64_t incident);
/// 1 to 16 hex digits; nullopt for anything else, and for 0, which is no incident.
std::optional<std::uint64_t> incident_from_text(std::string_view text);

}  // namespace slotd::action
