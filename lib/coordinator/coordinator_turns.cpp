#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/transitions.hpp"
#include "coordinator/turns.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"

// What stands between the slots: whose turn it is, and what takes it back.

namespace slotd::coordinator {

namespace {

/// Has its turn, and has moved gates at most.
bool untouched(const SlotPhase& phase) {
    return std::holds_alternative<Surveying>(phase) || std::holds_alternative<Reserving>(phase) ||
           std::holds_alternative<Draining>(phase);
}

/// What the kernel does with the slot, in whatever phase that was heard of; nullptr for nothing.
const char* kernel_at_work(const Slot& slot, Instant now) {
    if (kernel_active(slot.phase)) {
        return name_of(slot.phase);
    }
    return slot.heard.recovers(now)   ? "being recovered by the kernel"
           : slot.heard.hotplugs(now) ? "being hot-plugged"
                                      : nullptr;
}

}  // namespace

std::optional<std::string> Coordinator::overtaken_by(event::EffectId id, Instant now) const {
    const auto owner = serials_.find(static_cast<std::uint32_t>(id >> 32));
    if (owner == serials_.end()) {
        return std::nullopt;
    }
    const Slot& slot = slots_.at(owner->second);
    const bool step = std::holds_alternative<Resetting>(slot.phase) ||
                      std::holds_alternative<Replaying>(slot.phase);
    const bool begins =
        step && slot.in_flight && slot.in_flight->id == id && !operation_of(slot.phase)->touched;
    if (!begins) {
        return std::nullopt;  // what has begun is better ended than left in the middle
    }
    if (const char* const kernels = kernel_at_work(slot, now)) {
        return std::string("the slot is ") + kernels;
    }
    if (const auto off = why_configured_off(slot);
        off && operation_of(slot.phase)->purpose == Purpose::Recover) {
        return off;
    }
    const auto obstacle = obstacle_of(owner->second, now);
    return obstacle ? std::optional(obstacle->reason) : std::nullopt;
}

bool Coordinator::waits_for_token_of(const pci::Address& port, const Slot& other) const {
    const Operation* const wanted = operation_of(slots_.at(port).phase);
    if (!token_missing(other) || (wanted != nullptr && wanted->purpose == Purpose::TakeToken)) {
        return false;
    }
    const Operation* const theirs = operation_of(other.phase);
    return std::holds_alternative<Resyncing>(other.phase) ||
           (theirs != nullptr && theirs->purpose == Purpose::TakeToken);
}

bool Coordinator::conflict(const pci::Address& one, const pci::Address& other) const {
    if (topology_.reset_domains_overlap(one, other)) {
        return true;
    }
    const auto first = slots_.find(one);
    const auto second = slots_.find(other);
    // The token is one for each AER domain: what drains aer there acts on all of it, on the slots
    // of other levels too.
    const auto exclusive = [](const Slot& slot) {
        return slot.facts.policy.level == policy::Level::Exclusive;
    };
    return first != slots_.end() && second != slots_.end() &&
           (exclusive(first->second) || exclusive(second->second)) &&
           first->second.facts.root_port == second->second.facts.root_port;
}

std::optional<Turns::Obstacle> Coordinator::obstacle_of(const pci::Address& port,
                                                        Instant now) const {
    std::optional<Turns::Obstacle> obstacle;
    const auto own = slots_.find(port);
    if (own == slots_.end()) {
        return obstacle;
    }
    // Whatever may stand in the way is in the same AER domain.
    for (const pci::Port* const in_domain : topology_.subtree(own->second.facts.root_port)) {
        const pci::Address& other = in_domain->address;
        const auto at = slots_.find(other);
        if (at == slots_.end()) {
            continue;
        }
        const Slot& slot = at->second;
        const char* const kernels = kernel_at_work(slot, now);
        const bool wedged = std::holds_alternative<Wedged>(slot.phase);
        const bool token = waits_for_token_of(port, slot);
        if (other == port) {
            // Its phase would have left the queue; what met another phase is remembered.
            if (kernels != nullptr) {
                obstacle = Turns::Obstacle{false, std::string("the slot is ") + kernels};
            }
            continue;
        }
        if ((kernels == nullptr && !wedged && !token) || !conflict(port, other)) {
            continue;
        }
        if (wedged) {
            return Turns::Obstacle{true,
                                   other.to_string() + " is wedged: " + reason_of(slot.phase)};
        }
        obstacle = Turns::Obstacle{false, other.to_string() + " is " +
                                              (kernels != nullptr ? kernels : name_of(slot.phase))};
    }
    return obstacle;
}

std::optional<Turns::Decision> Coordinator::turn_to_call_back(Instant now) const {
    for (const pci::Address& port : turns_.holders()) {
        const auto slot = slots_.find(port);
        if (slot == slots_.end() || !untouched(slot->second.phase)) {
            continue;
        }
        if (const auto obstacle = obstacle_of(port, now)) {
            return Turns::Decision{port, obstacle->reason};
        }
    }
    return std::nullopt;
}

}  // namespace slotd::coordinator
