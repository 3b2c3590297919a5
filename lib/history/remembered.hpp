#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
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

/// The newest incident of a slot in this boot, where it did not end well, or has no end because
/// slotd stopped in the middle: the card may be dead whatever a look says, as the kernel's verdict
/// is nowhere to be read. It stays until the slot is released, a later incident or attempt ended
/// well, or the machine boots, which resets every card.
struct IllIncident {
    pci::Address port;
    std::uint64_t incident = 0;
    std::string said;  ///< how it ended; without an end: its cause
    bool ended = false;
    bool frozen = false;  ///< only of one that ended
    bool operator==(const IllIncident&) const = default;
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
    std::vector<SpentAttempt> spent;          ///< that may count, oldest entry first
    std::vector<RunningHold> holds;           ///< by address
    std::vector<Quarantined> quarantines;     ///< by address
    std::vector<AmbiguousAttempt> ambiguous;  ///< by address
    std::vector<IllIncident> ill;             ///< by address
    std::optional<UnknownBudget> unknown_budget;
    bool operator==(const Remembered&) const = default;
};

/// Reads the history row by row and keeps what counts at the time `now`.
class Recall {
public:
    /// `window`: so long a loss leaves a budget unknown. `spent_for`: so long an attempt may count.
    Recall(Stamp now, Duration window, Duration spent_for);

    Recall(Stamp now, Duration window) : Recall(std::move(now), window, window) {}

    /// Rows come in the order of their seq. Entries that cannot be (an end without a beginning)
    /// change nothing. No row counts as older than one before it: a stamp from a clock that had not
    /// been set yet makes nothing old.
    void add(const Row& row);

    Remembered remembered() const;

    /// The seqs of the rows that this follows from, in order: never pruned. Of these alone the same
    /// follows, as long as clocks did not jump.
    std::vector<std::uint64_t> needed() const;

private:
    // Without initializers: clang takes those of a class in a class for unknown until the outer one
    // ends, and miscompiles a std::optional member of it before.
    template <class T>
    struct Found {
        std::uint64_t seq;
        T entry;
        Duration age;
    };

    struct OpenAttempt {
        Found<AttemptReserved> reserved;
        std::optional<Found<AttemptEnded>> end;  ///< an ambiguous one
    };

    /// What holds for one slot so far.
    struct Slot {
        std::vector<Found<AttemptReserved>> spent;
        std::vector<std::uint64_t> ends;  ///< seqs of the ends of those spent
        std::map<std::pair<std::uint64_t, std::uint32_t>, OpenAttempt> open;
        std::optional<Found<Held>> hold;
        std::optional<Found<Quarantined>> quarantine;
        std::optional<Found<IllIncident>> ill;
        std::uint64_t released = 0;  ///< seq of the last release since the last loss; 0: none
    };

    void add(std::uint64_t seq, const AttemptReserved& reserved);
    void add(std::uint64_t seq, const AttemptEnded& end);
    void add(std::uint64_t seq, const IncidentClosed& closed, bool this_boot);
    void add(std::uint64_t seq, const HistoryLost& lost);

    Stamp now_;
    Duration window_;
    Duration spent_for_;
    std::optional<Duration> age_;  ///< of the row that is the youngest so far
    std::map<pci::Address, Slot> slots_;
    std::optional<Found<HistoryLost>> lost_;
};

/// Recall over rows that are at hand.
Remembered recall(std::span<const Row> rows, const Stamp& now, Duration window);

}  // namespace slotd::history
