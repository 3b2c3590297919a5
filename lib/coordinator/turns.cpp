#include "coordinator/turns.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "pci/address.hpp"

namespace slotd::coordinator {

void Turns::ask(const pci::Address& port, bool first) {
    if (std::ranges::find(askers_, port) == askers_.end()) {
        askers_.insert(first ? askers_.begin() : askers_.end(), port);
    }
}

void Turns::release(const pci::Address& port) {
    std::erase(askers_, port);
    std::erase(holders_, port);
}

std::optional<Turns::Decision> Turns::decide(const Conflict& conflict, const Hindrance& hindrance) {
    for (std::size_t at = 0; at < askers_.size(); ++at) {
        const pci::Address port = askers_[at];
        const auto in_conflict = [&](const pci::Address& other) {
            return other != port && conflict(port, other);
        };
        const bool held = std::ranges::any_of(holders_, in_conflict);
        const auto obstacle = hindrance(port);
        if (obstacle && obstacle->for_ever) {
            askers_.erase(askers_.begin() + static_cast<std::ptrdiff_t>(at));
            return Decision{port, obstacle->reason};
        }
        // Nobody overtakes an earlier asker that it would block.
        const bool overtakes = std::any_of(
            askers_.begin(), askers_.begin() + static_cast<std::ptrdiff_t>(at), in_conflict);
        if (held || obstacle || overtakes) {
            continue;
        }
        askers_.erase(askers_.begin() + static_cast<std::ptrdiff_t>(at));
        holders_.push_back(port);
        return Decision{port, std::nullopt};
    }
    return std::nullopt;
}

}  // namespace slotd::coordinator
