#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/model/state.hpp"
#include "tests/proof/violation.hpp"

namespace slotd::model {

/// What became of one setup.
struct Exploration {
    std::size_t states = 0;
    std::size_t transitions = 0;
    std::size_t depth = 0;           ///< moves on the shortest way to the farthest state
    std::size_t fair_moves = 0;      ///< moves on the longest fair way to rest
    proof::Violations violations;    ///< of the first state that has any; exploring ends there
    std::vector<std::string> trace;  ///< the shortest way to that state, a move or a record a line
};

using Progress = std::function<void(std::size_t, std::size_t, std::size_t)>;

/// Visits every state that can be reached, breadth first, and looks at each with the invariants,
/// those in `ignored` left out: to look behind a violation that is known. More states than a
/// machine has memory for are a violation of an invariant 0.
/// `progress` gets depth, width of the level and states so far.
Exploration explore(const Setup& setup, const std::set<int>& ignored = {},
                    const Progress& progress = {});

/// The way to the state that this thread is looking at, for whoever dies there.
std::vector<std::string> way_to_here();

}  // namespace slotd::model
