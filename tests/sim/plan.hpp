#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/random.hpp"

namespace slotd::sim {

/// What the world does to the machine and to slotd while faults are on.
enum class Trouble : std::uint8_t {
    CardOut,
    CardIn,
    Swap,
    LinkFlap,
    CorrectedError,
    NonFatalError,
    FatalError,
    ErrorStorm,
    CardDies,
    AllOnes,
    OtherDriver,
    EffectFault,
    LookFault,
    Request,
    Hold,
    Release,
    DriverWedged,
    HistorySlow,
    HistoryBroken,
    UeventsLost,
    UeventsLate,
    ExecutorCrash,
    SlotdCrash,
    Reload,
};

const char* to_text(Trouble trouble);

/// One thing of a plan; `salt` decides what is left open.
struct Planned {
    Duration at{};  ///< from the start
    Trouble trouble = Trouble::LinkFlap;
    pci::Address port;
    std::uint64_t salt = 0;
};

/// Episodes: a few troubles close together at one port and its relatives, because what happens
/// alone is no test. Ordered by time.
std::vector<Planned> make_plan(Random& random, const Machine& machine, Duration horizon);

}  // namespace slotd::sim
