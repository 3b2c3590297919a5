#include "coordinator/budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <ranges>
#include <string>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

std::optional<std::string> Budget::reserve(const pci::Address& port, const pci::Address& root_port,
                                           Instant now, const policy::Limits& limits) {
    for (const Account& account : accounts(port, root_port, now, limits)) {
        if (account.spent >= account.budget) {
            return fmt::format(
                "{} attempts within {} s {}", account.spent,
                std::chrono::duration_cast<std::chrono::seconds>(limits.budget_window).count(),
                account.whose);
        }
    }
    spent_.push_back({now, port, root_port});
    keep_what_may_count();
    return std::nullopt;
}

void Budget::remember(const Spent& spent) {
    const auto later = std::ranges::upper_bound(spent_, spent.at, {}, &Spent::at);
    spent_.insert(later, spent);
    keep_what_may_count();
}

void Budget::keep_what_may_count() {
    // No budget is larger: if all of these count, nothing is left anywhere.
    while (spent_.size() > policy::kBudgetMax) {
        spent_.pop_front();
    }
}

void Budget::release(const pci::Address& port) {
    std::erase_if(spent_, [&](const Spent& one) { return one.port == port; });
}

std::uint32_t Budget::left(const pci::Address& port, const pci::Address& root_port, Instant now,
                           const policy::Limits& limits) const {
    std::uint32_t least = limits.budget;
    for (const Account& account : accounts(port, root_port, now, limits)) {
        least = std::min(least, account.left());
    }
    return least;
}

std::uint32_t Budget::left_below(const pci::Address& root_port, Instant now,
                                 const policy::Limits& limits) const {
    return accounts(root_port, root_port, now, limits)[1].left();
}

std::uint32_t Budget::left_on_host(Instant now, const policy::Limits& limits) const {
    return accounts({}, {}, now, limits)[2].left();
}

std::array<Budget::Account, 3> Budget::accounts(const pci::Address& port,
                                                const pci::Address& root_port, Instant now,
                                                const policy::Limits& limits) const {
    std::array<Account, 3> all{{{0, limits.budget, "for the slot"},
                                {0, limits.budget_root_port, "below its Root Port"},
                                {0, limits.budget_host, "on this host"}}};
    for (const Spent& one : spent_ | std::views::reverse) {
        if (now - one.at >= limits.budget_window) {
            break;  // and so are those before it
        }
        all[0].spent += one.port == port ? 1U : 0U;
        all[1].spent += one.root_port == root_port ? 1U : 0U;
        all[2].spent += 1U;
    }
    return all;
}

}  // namespace slotd::coordinator
