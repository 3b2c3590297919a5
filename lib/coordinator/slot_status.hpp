#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "pci/link.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"

namespace slotd::coordinator {

/// What there is to show of one slot at one moment.
struct SlotStatus {
    pci::Address port;
    pci::Address root_port;
    std::string slot;    ///< slot name, kept while pciehp is unbound; empty where there is none
    std::string phase;   ///< "idle", "kernel-recovering", ...
    std::string reason;  ///< why it is in that phase, for a person; may be empty
    policy::Level level = policy::Level::Fence;
    std::uint64_t incident = 0;  ///< open incident; 0 for none
    bool automatic_action = false;
    std::uint32_t budget_left = 0;  ///< automatic attempts that are left
    std::string held_by = {};  ///< an operator, with his reason; empty where nobody holds the slot
    std::optional<Duration> held_for = {};  ///< how much longer; nullopt: until released
    std::string quarantine = {};            ///< why; empty where it is not in quarantine
    bool occupied = false;
    std::vector<pci::Function> functions;
    std::vector<std::string>
        gates;  ///< closed now: "fence", "hot-plug notification", "pciehp of 0000:00:02.0"

    /// Bridges from the Root Port down to this port, both included, see pci::Port::path.
    std::vector<pci::Address> path = {};
    std::optional<pci::Link> link = {};  ///< at the last look; nullopt: nobody has looked yet

    bool operator==(const SlotStatus&) const = default;
};

}  // namespace slotd::coordinator
