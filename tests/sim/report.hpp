#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/simulation.hpp"

namespace slotd::sim {

/// The run for a person: seed, machine, what was planned, what happened, and what was violated.
std::string report(const Verdict& verdict);

bool violates(const Verdict& verdict, int invariant);

/// An assertion of slotd that fails aborts: then the seed that is run now is printed.
void announce_seed(std::uint64_t seed);

}  // namespace slotd::sim
