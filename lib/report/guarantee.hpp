#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/level.hpp"
#include "report/checkup.hpp"

namespace slotd::report {

/// How much of a level's promise can be kept here.
enum class Strength : std::uint8_t {
    NotNeeded,   ///< error recovery and hot-plug cannot meet at this port
    Firm,        ///< they never run at the same time
    BestEffort,  ///< kept apart from the moment that slotd hears of one
    WatchOnly,   ///< only slotd's own steps are kept apart
};

const char* to_text(Strength strength);

/// What the slot's level gives on this machine, and why it is not more.
struct Guarantee {
    policy::Level level = policy::Level::Fence;
    Strength strength = Strength::WatchOnly;
    std::string promise;               ///< a whole sentence
    std::vector<std::string> because;  ///< what takes something of it away; whole sentences
    bool operator==(const Guarantee&) const = default;
};

/// Judged by what is bound, readable and heard, not by the kernel's version.
Guarantee guarantee_of(const ExaminedSlot& slot, const KernelFacts& kernel,
                       const DaemonFacts& daemon);

/// Config space cannot be written: no fence and no mask.
bool locked_down(const KernelFacts& kernel);

}  // namespace slotd::report
