#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "pci/topology.hpp"
#include "replay/script.hpp"

namespace slotd::replay {

/// Inside this module only: how effects end, in a world that took another course. As they ended
/// then where the same was done at the same time; else as if all had gone well.
class World {
public:
    explicit World(std::vector<DoneEffect> effects);

    struct End {
        event::Outcome outcome;
        Duration took{};
        std::vector<Input> after;  ///< what the kernel says because of it
        std::string assumed;       ///< empty where it is known
    };

    End end_of(const action::Effect& effect, Instant now, const pci::Topology& topology);

private:
    struct Gates {
        bool fenced = false;
        bool masked = false;
        std::map<pci::Service, bool> bound;  ///< that were moved
    };

    DoneEffect* same(const action::Effect& effect, Instant now);
    /// What a look sees that did not happen, or of which no line tells what it saw.
    event::Observation view(const pci::Address& port, Instant now, const pci::Topology& topology);
    void move_gates(const action::Effect& effect);

    std::vector<DoneEffect> effects_;  ///< by when they began
    std::map<pci::Address, Gates> gates_;
    std::map<pci::Address, Instant> own_course_;  ///< since a step there that was not done then
};

}  // namespace slotd::replay
