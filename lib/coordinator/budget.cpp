#include "coordinator/budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

std::optional<std::string> Budget::reserve(Instant now, const policy::Limits& limits) {
    while (!spent_.empty() && now - spent_.front() >= limits.budget_window) {
        spent_.pop_front();
    }
    if (spent_.size() >= limits.budget) {
        return fmt::format(
            "{} attempts within {} s", spent_.size(),
            std::chrono::duration_cast<std::chrono::seconds>(limits.budget_window).count());
    }
    spent_.push_back(now);
    return std::nullopt;
}

std::uint32_t Budget::left(Instant now, const policy::Limits& limits) const {
    const auto counted =
        std::ranges::count_if(spent_, [&](Instant at) { return now - at < limits.budget_window; });
    return limits.budget - std::min(limits.budget, static_cast<std::uint32_t>(counted));
}

}  // namespace slotd::coordinator
