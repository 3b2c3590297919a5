#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "evidence/evidence.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {

/// What happened lately and stands in no line yet, for the next line of its slot. Bounded: of a
/// storm the newest is kept, and the same thing again is counted. Costs the path of an event no
/// look at the topology.
class Recent {
public:
    static constexpr std::size_t kFactsMax = 128;  ///< of all slots
    static constexpr std::size_t kTakenMax = 16;   ///< for one line

    void kernel_said(const event::KernelEvent& event, Instant now);
    void effect_began(event::EffectId id, const action::Effect& effect, Instant now);
    /// With how long it took; nullopt for one that nobody started. A worker that is wedged
    /// may come back: it ends a second time.
    std::optional<EffectEnded> effect_ended(event::EffectId id, const event::Outcome& outcome,
                                            Instant now);

    /// Whoever started effects before has forgotten them.
    void forget_effects() { began_.clear(); }

    /// An effect of a slot that led to no line.
    void keep(std::uint32_t slot, EffectEnded ended, Instant now);

    struct Taken {
        std::vector<Earlier> facts;  ///< oldest first
        std::uint32_t left_out = 0;
        bool operator==(const Taken&) const = default;
    };

    /// Takes what is about the port and what is below it, and the effects of its slot (high half of
    /// their ids).
    Taken take(const pci::Port& port, std::uint32_t slot);

private:
    struct Fact {
        pci::Address about;
        std::uint32_t slot = 0;  ///< of an effect
        Earlier earlier;
    };

    void put(Fact fact);

    std::deque<Fact> facts_;  ///< oldest first
    std::map<event::EffectId, std::pair<action::Effect, Instant>> began_;
};

}  // namespace slotd::evidence
