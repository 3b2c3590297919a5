#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/model/state.hpp"
#include "tests/proof/violation.hpp"

namespace slotd::model {

/// What can happen next. The first group happens by itself sooner or later; the second is what
/// adversaries do.
enum class MoveKind : std::uint8_t {
    PciehpWorks,  ///< index: port
    RecoverySucceeds,
    LinkComesUp,  ///< index: port
    MissedIsRead,
    UeventArrives,
    TraceArrives,
    EffectHappens,   ///< index: job
    OutcomeArrives,  ///< index: job
    HistoryOpens,
    HistoryWrites,  ///< the attempt that waits longest for it
    TimePasses,     ///< to slotd's next deadline

    RecoveryFails,
    RecoveryLeavesCardDead,
    RecoveryEndsUnheard,
    ErrorStrikes,  ///< index: port, variant: how it is announced
    CardIsPulled,  ///< index: port
    CardIsPutIn,   ///< index: port, variant: which
    LinkIsLost,    ///< index: port
    UeventsAreLost,
    OperatorAsks,  ///< index: port, variant: method
    HistoryFails,
    EffectFails,            ///< index: job
    WorkerDies,             ///< index: job, variant: 1 after the effect has happened
    EffectHangs,            ///< index: job
    HungEffectHappens,      ///< index: job, and its outcome arrives
    HungEffectIsUndone,     ///< index: job: came back late, left nothing changed
    ResetIsTakenForUnplug,  ///< index: job: happens, and pciehp sees the link go
    SlotdDies,              ///< variant: 1 after effects under way have happened
    ExecutorDies,           ///< variant: as above
};

struct Move {
    MoveKind kind = MoveKind::TimePasses;
    std::uint8_t index = 0;
    std::uint8_t variant = 0;

    bool operator==(const Move&) const = default;
};

/// Everything that can happen in `state`. The moves that happen by themselves come first, in the
/// order in which a fair finish takes them: the kernel, then news, then effects, then time.
std::vector<Move> moves_of(const State& state, const Setup& setup);
/// What the move takes from the adversaries' allowance besides an act; nullptr: nothing.
std::uint8_t Allowance::*cost_of(const Move& move);
/// Needs no adversary.
bool happens_by_itself(const Move& move);
/// For a person, from the state before the move.
std::string describe(const Move& move, const State& before, const Setup& setup);

/// Plays the move, tells slotd what it is told, starts what it asks for. Returns what the
/// invariants object to.
proof::Violations play(State& state, const Move& move, const Setup& setup);

}  // namespace slotd::model
