#include "policy/slot_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "pci/identity.hpp"
#include "pci/topology.hpp"

namespace slotd::policy {

namespace {

/// True where `wanted` is empty or one of its elements fits.
template <class T, class Fits>
bool any_if_named(const std::vector<T>& wanted, Fits fits) {
    return wanted.empty() || std::ranges::any_of(wanted, fits);
}

bool fits(const Match& match, const pci::Function& function) {
    const pci::Identity& card = function.identity;
    const std::string class_code = fmt::format("{:06x}", card.class_code & 0xffffffU);
    return any_if_named(match.ids,
                        [&](const IdPattern& id) {
                            return id.vendor.value_or(card.vendor) == card.vendor &&
                                   id.device.value_or(card.device) == card.device;
                        }) &&
           any_if_named(match.classes,
                        [&](const std::string& start) { return class_code.starts_with(start); }) &&
           any_if_named(match.drivers,
                        [&](const std::string& driver) { return driver == function.driver; });
}

template <class T>
void override_with(T& field, const std::optional<T>& value) {
    if (value) {
        field = *value;
    }
}

}  // namespace

bool matches(const Match& match, const SlotTraits& slot) {
    const bool about_the_card =
        !match.ids.empty() || !match.classes.empty() || !match.drivers.empty();
    return any_if_named(match.ports, [&](const auto& port) { return port == slot.port; }) &&
           any_if_named(match.slots, [&](const auto& name) { return name == slot.slot; }) &&
           (!about_the_card ||
            std::ranges::any_of(slot.functions, [&](const pci::Function& function) {
                return fits(match, function);
            }));
}

SlotPolicy Policy::for_slot(const SlotTraits& slot) const {
    SlotPolicy decided = defaults;
    for (const Rule& rule : rules) {
        if (!matches(rule.match, slot)) {
            continue;
        }
        override_with(decided.level, rule.level);
        override_with(decided.automatic_action, rule.automatic_action);
        override_with(decided.steps, rule.steps);
        override_with(decided.verification, rule.verification);
        override_with(decided.soak, rule.soak);
        override_with(decided.in_use, rule.in_use);
    }
    return decided;
}

}  // namespace slotd::policy
