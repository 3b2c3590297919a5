#include "coordinator/card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "event/observation.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::coordinator {

namespace {

const event::FunctionSeen* find(const event::Observation& seen, const pci::Address& address) {
    const auto at = std::ranges::find(seen.functions, address, &event::FunctionSeen::address);
    return at == seen.functions.end() ? nullptr : &*at;
}

}  // namespace

Card Card::from(const event::Observation& seen) {
    return Card{seen.occupied(), seen.functions, seen.link_width, seen.link_speed};
}

const char* to_text(CardChange change) {
    switch (change) {
        case CardChange::Same:
            return "same card";
        case CardChange::Gone:
            return "card gone";
        case CardChange::Came:
            return "card came";
        case CardChange::Swapped:
            return "another card";
        case CardChange::Unreachable:
            return "card unreachable";
    }
    return "unknown";
}

CardChange compare(const Card& known, const event::Observation& seen) {
    if (!seen.port_answers) {
        return CardChange::Unreachable;
    }
    if (!seen.occupied()) {
        return known.occupied ? CardChange::Gone : CardChange::Same;
    }
    if (!known.occupied) {
        // Presence comes before the link: a card is only worth enumerating when its link is up.
        return seen.reachable() ? CardChange::Came : CardChange::Unreachable;
    }
    if (!seen.reachable()) {
        return CardChange::Unreachable;
    }
    for (const event::FunctionSeen& before : known.functions) {
        const event::FunctionSeen* const now = find(seen, before.address);
        if (now == nullptr) {
            continue;  // not enumerated any more; identity cannot tell, verification will
        }
        if (!now->identity.answers()) {
            return CardChange::Unreachable;
        }
        if (before.identity.answers() && !before.identity.same_card(now->identity)) {
            return CardChange::Swapped;
        }
    }
    return CardChange::Same;
}

bool enumeration_fits(const std::vector<pci::Function>& enumerated,
                      const event::Observation& seen) {
    const bool all_fit = std::ranges::all_of(seen.functions, [&](const auto& function) {
        const auto known = std::ranges::find(enumerated, function.address, &pci::Function::address);
        return function.identity.answers() && known != enumerated.end() &&
               known->identity.same_card(function.identity);
    });
    return seen.port_answers && seen.occupied() == !seen.functions.empty() && all_fit;
}

std::string why_not_verified(const Card& known, const event::Observation& seen) {
    const CardChange change = compare(known, seen);
    if (change != CardChange::Same) {
        return to_text(change);
    }
    for (const event::FunctionSeen& before : known.functions) {
        const event::FunctionSeen* const now = find(seen, before.address);
        if (now == nullptr) {
            return before.address.to_string() + " is not enumerated";
        }
        if (before.memory_decodes && !now->memory_decodes) {
            return before.address.to_string() +
                   " does not decode memory: its config space was wiped";
        }
        if (!before.driver.empty() && before.driver != now->driver) {
            return fmt::format("{} has driver {} in place of {}", before.address.to_string(),
                               now->driver.empty() ? "none" : now->driver, before.driver);
        }
    }
    return {};
}

}  // namespace slotd::coordinator
