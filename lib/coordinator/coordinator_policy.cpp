#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "coordinator/transitions.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"

// What the configuration decides, while slotd runs.

namespace slotd::coordinator {

namespace {

/// What a slot has, or has been promised.
policy::SlotPolicy promised(const Slot& slot) {
    policy::SlotPolicy policy = slot.facts.policy;
    policy.level = slot.next_level.value_or(policy.level);
    return policy;
}

/// Where the functions of a card may change its rules: not in the middle of an episode.
bool may_match_anew(const SlotPhase& phase) {
    return std::holds_alternative<Idle>(phase) || std::holds_alternative<NeedsOperator>(phase) ||
           std::holds_alternative<Quarantined>(phase);
}

Tell configuration_line(const std::string& text) {
    action::Record record;
    record.priority = action::Priority::Notice;
    record.kind = action::RecordKind::Configuration;
    record.text = text;
    return Tell{std::move(record)};
}

/// What a new configuration changes, in numbers.
struct Changes {
    std::size_t slots = 0;
    std::size_t levels = 0;
    std::size_t act = 0;
    std::size_t do_not_act = 0;
    std::vector<std::string> ill;  ///< of those that act now, left to an operator before
};

constexpr std::size_t kNamedMax = 8;

void say(const Changes& changes, std::vector<Action>& outgoing) {
    if (changes.slots == 0) {
        return;
    }
    std::string text = fmt::format("the configuration of {} slot{} is another now", changes.slots,
                                   changes.slots == 1 ? "" : "s");
    if (changes.levels > 0) {
        text += fmt::format("; {} change level, each as soon as it is at rest", changes.levels);
    }
    if (changes.act > 0) {
        text += fmt::format("; slotd acts of its own accord at {} more from now on", changes.act);
    }
    if (changes.do_not_act > 0) {
        text += fmt::format("; slotd no longer acts of its own accord at {}", changes.do_not_act);
    }
    outgoing.emplace_back(configuration_line(text));
    if (changes.ill.empty()) {
        return;
    }
    text = "what was not well before stays as it is until somebody resets it or it is well again:";
    for (std::size_t at = 0; at < std::min(kNamedMax, changes.ill.size()); ++at) {
        text += " " + changes.ill[at];
    }
    if (changes.ill.size() > kNamedMax) {
        text += fmt::format(" and {} more", changes.ill.size() - kNamedMax);
    }
    outgoing.emplace_back(configuration_line(text));
}

}  // namespace

std::vector<Action> Coordinator::reconfigured(policy::Policy policy, const policy::Limits& limits,
                                              Instant now) {
    settings_.policy = std::move(policy);
    settings_.limits = limits;
    Changes changes;
    for (const auto& [port, slot] : slots_) {
        const policy::SlotPolicy before = promised(slot);
        policy::SlotPolicy wanted = settings_.policy.for_slot(slot.traits);
        if (before == wanted) {
            continue;
        }
        const auto acts = [](const policy::SlotPolicy& one) {
            return one.automatic_action && one.level != policy::Level::Observe;
        };
        changes.slots += 1;
        changes.levels += before.level != wanted.level ? 1U : 0U;
        changes.act += !acts(before) && acts(wanted) ? 1U : 0U;
        changes.do_not_act += acts(before) && !acts(wanted) ? 1U : 0U;
        if (!acts(before) && acts(wanted) && std::holds_alternative<NeedsOperator>(slot.phase)) {
            changes.ill.push_back(port.to_string());
        }
        pending_.emplace_back(port, Reconfigured{std::move(wanted)});
    }
    say(changes, outgoing_);
    return settle(now);
}

void Coordinator::match_anew(const pci::Address& port) {
    Slot& slot = slots_.at(port);
    // An empty slot keeps the rules of the card that left it.
    if (slot.facts.functions.empty() || !may_match_anew(slot.phase)) {
        return;
    }
    policy::SlotTraits traits{port, slot.facts.name, slot.facts.functions};
    const bool same = traits == slot.traits;
    slot.traits = std::move(traits);
    if (same) {
        return;
    }
    policy::SlotPolicy wanted = settings_.policy.for_slot(slot.traits);
    if (wanted != promised(slot)) {
        pending_.emplace_back(port, Reconfigured{std::move(wanted)});
    }
}

bool Coordinator::may_share_token(const pci::Address& port) const {
    const auto slot = slots_.find(port);
    // One that has not been added yet may come to share it.
    return slot == slots_.end() || slot->second.facts.policy.level == policy::Level::Exclusive;
}

void Coordinator::level_changed(const pci::Address& port) {
    const Slot& changed = slots_.at(port);
    const auto own = std::ranges::find(changed.facts.hotplug_services, port, &ServiceAt::port);
    if (own == changed.facts.hotplug_services.end()) {
        return;
    }
    const ServiceAt service = *own;
    const auto same_port = [&](const ServiceAt& one) { return one.port == port; };
    for (const pci::Port* const in_domain : topology_.subtree(changed.facts.root_port)) {
        const pci::Address& other = in_domain->address;
        const auto at = slots_.find(other);
        if (other == port || at == slots_.end() ||
            at->second.facts.root_port != changed.facts.root_port) {
            continue;
        }
        Slot& slot = at->second;
        std::erase_if(slot.facts.hotplug_services, same_port);
        std::erase_if(slot.facts.others_hotplug, same_port);
        if (!may_share_token(port)) {
            continue;
        }
        const bool below = topology_.is_above(other, port);
        auto& services = below ? slot.facts.hotplug_services : slot.facts.others_hotplug;
        if (below || !changed.hold) {
            services.insert(std::ranges::upper_bound(services, port, {}, &ServiceAt::port),
                            service);
        }
    }
}

}  // namespace slotd::coordinator
