#include "action/incident.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/parse.hpp"

namespace slotd::action {

std::string incident_text(std::uint64_t incident) {
    return fmt::format("{:016x}", incident);
}

std::optional<std::uint64_t> incident_from_text(std::string_view text) {
    constexpr std::size_t kDigitsMax = 16;
    const auto incident =
        text.size() <= kDigitsMax ? parse_unsigned<std::uint64_t>(text, 16) : std::nullopt;
    return incident && *incident != 0 ? incident : std::nullopt;
}

}  // namespace slotd::action
