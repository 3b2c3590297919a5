#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/stamp.hpp"
#include "pci/address.hpp"

namespace slotd::history {

/// One attempt that still counts against a budget.
struct SpentAttempt {
    pci::Address port;
    pci::Address root_port;
    bool automatic = false;
    Duration age{};
    bool operator==(const SpentAttempt&) const = default;
};

/// A hold that still runs.
struct RunningHold {
    pci::Address port;
    std::optional<Duration> left;  ///< more than zero; nullopt: until released
    std::string by;
    std::string reason;
    bool operator==(const RunningHold&) const = default;
};

/// An attempt of which nobody knows what it did: its end said so, or it has none because slotd or
/// the machine stopped in the middle. At most one for a slot: the newest. It stays until the slot
/// is released or a later attempt at the slot ended well.
struct AmbiguousAttempt {
    AttemptReserved reserved;
    Duration age{};
    std::string how;  ///< what its end said; empty: it was reserved and never ended
    bool operator==(const AmbiguousAttempt&) const = default;
};

/// Part of the history is lost: a slot's budget is unknown, and automatic action refused, for
/// `left` or until that slot is released.
struct UnknownBudget {
    std::string reason;
    Duration left{};                        ///< of the budget window; more than zero
    std::vector<pci::Address> known_again;  ///< released since; by address
    bool operator==(const UnknownBudget&) const = default;
};

/// What the daemon needs to go on where it was.
struct Remembered {
    std::vector<SpentAttempt> spent;          ///< within the window, oldest entry first
    std::vector<RunningHold> holds;           ///< by address
    std::vector<Quarantined> quarantines;     ///< by address
    std::vector<AmbiguousAttempt> ambiguous;  ///< by address
    std::optional<UnknownBudget> unknown_budget;
    bool operator==(const Remembered&) const = default;
};

/// What follows from the rows at the time `now`. `rows` are in the order of their seq; entries that
/// cannot be (an end without a beginning) change nothing. `window`: the longest budget window. No
/// row counts as older than one before it: a stamp from a clock that had not been set yet makes
/// nothing old.
Remembered recall(std::span<const Row> rows, const Stamp& now, Duration window);

/// The seqs of the rows without which recall() would forget something, in order: never pruned.
std::vector<std::uint64_t> still_needed(std::span<const Row> rows, const Stamp& now,
                                        Duration window);

/// Entries of other kinds (incidents) never matter to recall() and still_needed().
bool matters_to_recall(const Entry& entry);

}  // namespace slotd::history
