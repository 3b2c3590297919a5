#include "daemon/ctl/span_of_time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/parse.hpp"
#include "base/time.hpp"
#include "control/message.hpp"

namespace slotd::ctl {

namespace {

struct Unit {
    char letter;
    std::uint64_t seconds;
};

constexpr std::array<Unit, 4> kUnits{{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
/// More digits than the longest time has in seconds; keeps the product from overflowing.
constexpr std::size_t kDigitsMax = 9;

}  // namespace

std::optional<Duration> span_from_text(std::string_view text) {
    std::uint64_t total = 0;
    for (const Unit& unit : kUnits) {
        const std::size_t end = text.find(unit.letter);
        if (end == std::string_view::npos) {
            continue;
        }
        const auto count =
            end <= kDigitsMax ? parse_unsigned<std::uint64_t>(text.substr(0, end)) : std::nullopt;
        if (!count) {
            return std::nullopt;
        }
        total += *count * unit.seconds;
        text.remove_prefix(end + 1);
    }
    if (!text.empty() || total == 0 || total > control::kHoldSecondsMax) {
        return std::nullopt;
    }
    return std::chrono::seconds(total);
}

}  // namespace slotd::ctl
