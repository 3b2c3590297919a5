#pragma once

#include "tests/sim/simulation.hpp"

namespace slotd::sim {

/// Runs the seed again with less and less of its plan, as long as an invariant of the same number
/// is violated; the verdict of the last one that did, with its trace.
Verdict shrink(const Verdict& violated);

}  // namespace slotd::sim
