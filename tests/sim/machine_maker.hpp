#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/sim/hardware.hpp"
#include "tests/sim/random.hpp"

namespace slotd::sim {

inline constexpr std::size_t kPortsMax = 64;

/// Makes cards, each a piece of hardware of its own.
class CardMaker {
public:
    explicit CardMaker(Random random) : random_(random) {}

    /// An endpoint card of 1 to 4 functions, with or without a serial number.
    Card card();
    /// The same model as `other`, but another piece.
    Card twin_of(const Card& other);
    /// A switch without ports yet.
    Card switch_card();

private:
    Random random_;
    std::uint64_t made_ = 0;
};

/// A machine of 1 to kPortsMax ports: Root Ports, switches in their slots (nested up to two deep),
/// hot-plug or not, full or empty, at rest. Small machines are as frequent as large ones.
Machine make_machine(Random& random, CardMaker& cards);

}  // namespace slotd::sim
