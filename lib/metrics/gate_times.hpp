#pragma once

#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/gate.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"

namespace slotd::metrics {

/// For how long slotd has held which gate closed. A gate counts from the moment its closing is
/// asked for, and until its opening has ended well; where only the coordinator knows better (a port
/// is gone, a gate has another owner), settle() says so.
class GateTimes {
public:
    /// Port and word_of() of a gate.
    using Key = std::pair<pci::Address, std::string_view>;

    void started(event::EffectId id, const action::Effect& effect, Instant now);
    void ended(event::EffectId id, const event::Outcome& outcome, Instant now);
    /// slotd-exec was started anew: it has opened every gate.
    void all_open(Instant now);
    /// `closed`: the gates that are closed; `ports`: those that there are. Others are forgotten.
    void settle(const std::set<coordinator::Gate>& closed, const std::set<pci::Address>& ports,
                Instant now);

    /// Each gate that was ever closed, with the time up to now.
    std::map<Key, Duration> totals(Instant now) const;

private:
    struct Move {
        coordinator::Gate gate;
        bool closes = false;
        bool newly = false;  ///< it was open before
    };

    void close(const coordinator::Gate& gate, Instant now);
    void open(const coordinator::Gate& gate, Instant now);

    std::map<event::EffectId, Move> moves_;        ///< under way
    std::map<coordinator::Gate, Instant> closed_;  ///< since when
    std::map<Key, Duration> past_;
};

}  // namespace slotd::metrics
