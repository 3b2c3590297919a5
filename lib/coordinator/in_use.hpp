#pragma once

#include <string>
#include <vector>

#include "coordinator/operation.hpp"
#include "coordinator/slot.hpp"
#include "event/usage.hpp"
#include "policy/in_use.hpp"

namespace slotd::coordinator {

/// What stands in the way of a step.
struct InUse {
    std::string never;  ///< why not even an operator may do it; empty where nothing says so
    std::vector<policy::Use> counted;  ///< in use as the slot's policy counts it
    std::vector<policy::Use> ignored;  ///< in use, but the policy does not count it
    bool operator==(const InUse&) const = default;
};

/// Judges the first rung of `operation`. What the lender of VFIO descriptors holds himself does not
/// count; a function that is in use through VFIO is never unbound or removed, since that would
/// block the hot-plug of the whole machine (KERNEL 4.3).
InUse judge_use(const Slot& slot, const Operation& operation, const event::Usage& usage);

}  // namespace slotd::coordinator
