#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/address.hpp"

namespace slotd::engine {

/// Inside this module only. Where pciehp is held back nobody says that a card has gone or come, so
/// slots at rest are sampled: all of them in rounds, of which a sample says which ports look
/// otherwise than in the round before; those are then looked at. Pure: it says what to ask for, and
/// is told what came of it.
///
/// A port that has come to rest since the last round has no digest yet, so it counts as another:
/// what changed between the last look at it and its first sample is seen by the look that follows
/// the sample.
class Sampler {
public:
    /// Ids from here on are of samples: the high half is no slot's.
    static constexpr event::EffectId kIds = 0xffffffff'00000000;
    /// A sample of many ports takes milliseconds. One that takes longer waits for a port, as a
    /// config access waits for a reset: which one it is, is found by looking at each.
    static constexpr Duration kPatience = std::chrono::seconds(1);
    /// Why none could be taken will not be over in half a second.
    static constexpr Duration kAfterProblem = std::chrono::seconds(5);

    struct Request {
        event::EffectId id = 0;  ///< 0: nothing is to be asked for
        std::vector<event::PortSample> ports;
    };

    /// A round begins when one is due: `ports` are those that want to be sampled then.
    bool round_due(Instant now) const { return asked_ == 0 && now >= next_round_; }

    Request begin_round(std::vector<coordinator::AtRest> ports, Duration period, Instant now);

    /// What follows from an answer: ports to look at, and what else of this round to ask for.
    struct Result {
        std::vector<pci::Address> look_at;
        Request next;
        std::string problem;  ///< why no sample could be taken; empty where one was
    };

    bool waits_for(event::EffectId id) const { return id != 0 && id == asked_; }

    Result answered(const event::Outcome& outcome, Instant now);

    /// The answer is overdue: it will be nobody's when it comes.
    bool overdue(Instant now) const { return asked_ != 0 && now >= asked_at_ + kPatience; }

    Result give_up(Instant now);

    /// Who would have answered is gone, and every slot is looked at anyway.
    void forget();

    /// When round_due() or overdue() will be true; `wanted`: there are ports to sample.
    Instant next_deadline(bool wanted) const;

private:
    Request ask(Instant now);
    std::vector<pci::Address> forget_asked();

    struct Seen {
        std::uint64_t rest;
        std::uint64_t digest;
    };

    std::map<pci::Address, Seen> seen_;
    std::vector<coordinator::AtRest> round_;
    std::size_t asked_to_ = 0;    ///< of the round: how many have been asked for
    std::size_t asked_from_ = 0;  ///< the first that is being asked for
    event::EffectId asked_ = 0;
    event::EffectId last_ = kIds;
    Instant asked_at_{};
    Instant next_round_{};
};

}  // namespace slotd::engine
