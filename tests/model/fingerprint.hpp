#pragma once

#include <compare>
#include <cstdint>

#include "tests/model/state.hpp"

namespace slotd::model {

/// Names a state up to what makes no difference for anything that follows. 128 bits: among 10^8
/// states two that differ share one with a probability below 10^-22.
struct Fingerprint {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    auto operator<=>(const Fingerprint&) const = default;
};

/// Left out, because nothing is decided by it: texts, incident ids and causes, the absolute time.
/// Times are distances from now, cut off where only "long ago" or "due" matters; effects are named
/// by their place in slotd-exec's list and attempts by their distance from the slot's last one.
Fingerprint fingerprint_of(const State& state);

}  // namespace slotd::model
