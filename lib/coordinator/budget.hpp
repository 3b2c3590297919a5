#pragma once

#include <deque>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

/// How often slotd has acted on a slot of its own accord: at most Limits::budget times in
/// Limits::budget_window, as powerpc EEH does. Kept in memory: a restart of slotd starts a new
/// window, and the line at its start says so, until the history remembers it.
class Budget {
public:
    /// Takes one attempt out of the budget before it is made; the refusal as a sentence otherwise.
    std::optional<std::string> reserve(Instant now, const policy::Limits& limits);

    /// When attempts were made, oldest first.
    const std::deque<Instant>& spent() const { return spent_; }

private:
    std::deque<Instant> spent_;
};

}  // namespace slotd::coordinator
