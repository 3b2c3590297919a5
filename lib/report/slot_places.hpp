#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::report {

/// One line of the machine's tree: a port, a switch between ports, a function of a card, or a count
/// of functions that are not listed. What it points to is the caller's list.
struct Place {
    pci::Address address;
    const coordinator::SlotStatus* slot = nullptr;   ///< of a port
    const pci::Function* function = nullptr;         ///< as the port above has it enumerated
    const coordinator::SlotStatus* below = nullptr;  ///< the nearest port above; nullptr for none
    std::string lead;                                ///< the tree's lines in front of it
    std::string lead_below;    ///< in front of what is said of it, before what hangs below it
    std::size_t left_out = 0;  ///< this many functions in place of one
};

/// More functions than these below a port (virtual ones, mostly) are counted, not listed.
inline constexpr std::size_t kFunctionsListedMax = 8;

/// Root Ports by address, below each what hangs there, by address. Every slot has its place, once,
/// whatever the paths say. `unicode`: box drawing characters, else ASCII.
std::vector<Place> places_of(const std::vector<coordinator::SlotStatus>& slots, bool unicode);

}  // namespace slotd::report
