#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pci/address.hpp"

namespace slotd::coordinator {

/// Who may act: invariants 1 and 2. At most one holder among slots that conflict; first come, first
/// served among those that conflict, others pass.
class Turns {
public:
    /// What may stand in a slot's way; asked for each asker in turn.
    struct Obstacle {
        bool for_ever = false;  ///< refuse: waiting will not end
        std::string reason;
    };

    using Conflict = std::function<bool(const pci::Address&, const pci::Address&)>;
    using Hindrance = std::function<std::optional<Obstacle>(const pci::Address&)>;

    struct Decision {
        pci::Address port;
        std::optional<std::string> refusal;  ///< nullopt: granted
        bool operator==(const Decision&) const = default;
    };

    void ask(const pci::Address& port, bool first = false);
    /// Gives the turn back, or takes the question back; nothing for a port that has neither.
    void release(const pci::Address& port);
    /// Decides the first question that can be decided now; nullopt when none can.
    std::optional<Decision> decide(const Conflict& conflict, const Hindrance& hindrance);

    bool asked() const { return !askers_.empty(); }

    /// In the order of asking.
    const std::deque<pci::Address>& askers() const { return askers_; }

    const std::vector<pci::Address>& holders() const { return holders_; }

private:
    std::deque<pci::Address> askers_;
    std::vector<pci::Address> holders_;
};

}  // namespace slotd::coordinator
