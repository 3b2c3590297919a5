#include "coordinator/budget.hpp"

#include <fmt/format.h>

#include <chrono>
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

}  // namespace slotd::coordinator
