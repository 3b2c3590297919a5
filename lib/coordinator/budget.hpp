#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

/// How often slotd has acted of its own accord, on a slot, below a Root Port, on the host: at most
/// so often in Limits::budget_window, as powerpc EEH does. What was spent before a restart comes
/// from the history. What was spent is kept beyond the window: another configuration may have a
/// longer one.
class Budget {
public:
    struct Spent {
        Instant at;
        pci::Address port;
        pci::Address root_port;
        bool operator==(const Spent&) const = default;
    };

    /// Takes one attempt out of the three budgets before it is made; the refusal as a sentence
    /// otherwise, and then nothing is taken.
    std::optional<std::string> reserve(const pci::Address& port, const pci::Address& root_port,
                                       Instant now, const policy::Limits& limits);
    /// What the history knows was spent; at any time up to now.
    void remember(const Spent& spent);
    /// Gives back what was spent on this slot.
    void release(const pci::Address& port);
    /// Attempts that are left for the slot, whichever of the three budgets is the smallest.
    std::uint32_t left(const pci::Address& port, const pci::Address& root_port, Instant now,
                       const policy::Limits& limits) const;

    /// The same of one of the three alone.
    std::uint32_t left_below(const pci::Address& root_port, Instant now,
                             const policy::Limits& limits) const;
    std::uint32_t left_on_host(Instant now, const policy::Limits& limits) const;

    const std::deque<Spent>& spent() const { return spent_; }

private:
    struct Account {
        std::uint32_t spent = 0;
        std::uint32_t budget = 0;
        const char* whose = "";

        std::uint32_t left() const { return budget > spent ? budget - spent : 0; }
    };

    void keep_what_may_count();
    std::array<Account, 3> accounts(const pci::Address& port, const pci::Address& root_port,
                                    Instant now, const policy::Limits& limits) const;

    std::deque<Spent> spent_;  ///< oldest first
};

}  // namespace slotd::coordinator
