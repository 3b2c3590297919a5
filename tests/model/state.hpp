#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "event/request.hpp"
#include "policy/level.hpp"
#include "policy/limits.hpp"
#include "tests/model/history.hpp"
#include "tests/model/world.hpp"
#include "tests/proof/violation.hpp"
#include "tests/proof/witness.hpp"

namespace slotd::model {

/// What slotd gets to hear of an error before the kernel's recovery ends.
enum class ErrorNews : std::uint8_t {
    Fatal,           ///< ras:aer_event, then BEGIN
    NonFatal,        ///< the same
    BeginOnly,       ///< no tracefs
    Nothing,         ///< BEGIN is missing, too
    NothingFollows,  ///< ras:aer_event says fatal, and there is no recovery
};

/// How often the adversaries may do what; `acts` bounds their sum. What they may do as often as
/// they like (be late, end a recovery in any way, let time pass) is not counted.
struct Allowance {
    std::uint8_t acts = 0;
    std::uint8_t errors = 0;    ///< reported by the card
    std::uint8_t hotplugs = 0;  ///< cards pulled or put in, links lost
    std::uint8_t requests = 0;  ///< of operators
    std::uint8_t faults = 0;    ///< effects that fail, hang or lose their worker
    std::uint8_t losses = 0;    ///< of uevents
    std::uint8_t crashes = 0;   ///< of slotd or of slotd-exec

    bool operator==(const Allowance&) const = default;
};

/// A small world and what may happen in it.
struct Setup {
    std::string name;
    World world;
    policy::Level level = policy::Level::Fence;
    bool automatic_action = true;
    Duration soak{};                          ///< zero: none
    std::vector<event::ResetMethod> methods;  ///< that operators ask for
    std::vector<ErrorNews> errors;
    Allowance allowance;
};

/// Everything at one moment. A value.
struct State {
    State(const Setup& setup, const policy::Limits& limits);

    World world;
    coordinator::Coordinator slotd;
    History history;
    proof::Witness witness;
    Instant now{};
    Allowance left;
    event::RequestId last_request = 0;
};

/// The limits of the model: as few different durations as the decisions allow, in the order of the
/// real ones.
policy::Limits small_limits();

}  // namespace slotd::model
