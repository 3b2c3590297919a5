#include "coordinator/card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "event/observation.hpp"
#include "pci/address.hpp"
#include "pci/link.hpp"
#include "pci/topology.hpp"

namespace slotd::coordinator {

namespace {

const event::FunctionSeen* find(const event::Observation& seen, const pci::Address& address) {
    const auto at = std::ranges::find(seen.functions, address, &event::FunctionSeen::address);
    return at == seen.functions.end() ? nullptr : &*at;
}

}  // namespace

Card Card::from(const event::Observation& seen) {
    return Card{true, seen.occupied(), seen.functions, seen.link_width, seen.link_speed};
}

Card Card::enumerated(std::span<const pci::Function> functions, const event::Observation& seen) {
    Card card = from(seen);
    for (event::FunctionSeen& function : card.functions) {
        const auto known = std::ranges::find(functions, function.address, &pci::Function::address);
        if (known != functions.end() && function.identity.answers() &&
            !known->identity.same_card(function.identity)) {
            function.identity = known->identity;
        }
        // Its driver has had it set up; somebody reset it since.
        if (!function.driver.empty() && !function.memory_decodes && !function.bars_intact) {
            function.memory_decodes = function.bars_intact = true;
        }
    }
    return card;
}

bool looks_as(const Card& then, const event::Observation& seen) {
    return then.occupied == seen.occupied() &&
           std::ranges::equal(
               then.functions, seen.functions, [](const auto& one, const auto& other) {
                   return one.address == other.address && one.identity == other.identity;
               });
}

bool another_serial(const Card& known, const event::Observation& seen) {
    const bool same_models =
        std::ranges::all_of(known.functions, [&](const event::FunctionSeen& before) {
            const event::FunctionSeen* const now = find(seen, before.address);
            return now == nullptr || before.identity.same_model(now->identity);
        });
    return same_models && compare(known, seen) == CardChange::Swapped;
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
        case CardChange::PutAnew:
            return "the same card, taken out and put in again";
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
        return known.occupied || !seen.functions.empty() ? CardChange::Gone : CardChange::Same;
    }
    const bool lost_its_functions = !known.functions.empty() && seen.functions.empty();
    if (!known.occupied || lost_its_functions) {
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
        if (before.identity.answers() && before.identity != now->identity) {
            return CardChange::Swapped;
        }
    }
    return CardChange::Same;
}

CardChange compare_unheard(const Card& known, const event::Observation& seen) {
    const CardChange change = compare(known, seen);
    const bool wiped = std::ranges::any_of(known.functions, [&](const event::FunctionSeen& before) {
        const event::FunctionSeen* const now = find(seen, before.address);
        return now != nullptr && before.bars_intact && !now->bars_intact;
    });
    return change == CardChange::Same && wiped ? CardChange::PutAnew : change;
}

bool not_set_up(const Card& known, const event::Observation& seen) {
    return std::ranges::any_of(known.functions, [&](const event::FunctionSeen& before) {
        const event::FunctionSeen* const now = find(seen, before.address);
        return now != nullptr && before.memory_decodes && !now->memory_decodes;
    });
}

bool enumeration_fits(std::span<const pci::Function> enumerated, const event::Observation& seen) {
    const bool all_fit = std::ranges::all_of(seen.functions, [&](const auto& function) {
        const auto known = std::ranges::find(enumerated, function.address, &pci::Function::address);
        return function.identity.answers() && known != enumerated.end() &&
               known->identity.same_card(function.identity);
    });
    return seen.port_answers && seen.occupied() == !seen.functions.empty() && all_fit;
}

std::string why_degraded(const Card& known, const event::Observation& seen) {
    const bool both = known.link_speed != 0 && known.link_width != 0 && seen.link_speed != 0 &&
                      seen.link_width != 0;
    if (!both || (seen.link_speed >= known.link_speed && seen.link_width >= known.link_width)) {
        return {};
    }
    return fmt::format("the link is {} x{} and was {} x{}", pci::speed_text(seen.link_speed),
                       seen.link_width, pci::speed_text(known.link_speed), known.link_width);
}

std::string new_errors(const std::vector<event::FunctionSeen>& before,
                       const event::Observation& seen) {
    for (const event::FunctionSeen& function : before) {
        const event::FunctionSeen* const now = find(seen, function.address);
        // Counters begin anew where the function was enumerated afresh.
        if (now == nullptr) {
            continue;
        }
        const auto more = [](std::uint64_t was, std::uint64_t is) {
            return is > was ? is - was : 0;
        };
        const std::uint64_t fatal = more(function.errors.fatal, now->errors.fatal);
        const std::uint64_t nonfatal = more(function.errors.nonfatal, now->errors.nonfatal);
        if (fatal + nonfatal > 0) {
            return fmt::format("{} had {} fatal and {} non-fatal errors right after it came back",
                               function.address.to_string(), fatal, nonfatal);
        }
    }
    return {};
}

std::string why_not_verified(const Card& known, const event::Observation& seen) {
    const CardChange change = compare(known, seen);
    const bool only_not_enumerated = change == CardChange::Came && known.occupied;
    if (change != CardChange::Same && !only_not_enumerated) {
        return to_text(change);
    }
    for (const event::FunctionSeen& before : known.functions) {
        const event::FunctionSeen* const now = find(seen, before.address);
        if (before.is_virtual) {
            continue;  // comes back with its PF, and is compared by whoever restores it
        }
        if (now == nullptr) {
            return before.address.to_string() + " is not enumerated";
        }
        if (before.memory_decodes && !now->memory_decodes) {
            return before.address.to_string() +
                   " does not decode memory: its config space was wiped";
        }
        if (before.bars_intact && !now->bars_intact) {
            return before.address.to_string() + " has lost its BARs: its config space was wiped";
        }
        if (!before.driver.empty() && before.driver != now->driver) {
            return fmt::format("{} has driver {} in place of {}", before.address.to_string(),
                               now->driver.empty() ? "none" : now->driver, before.driver);
        }
    }
    return {};
}

}  // namespace slotd::coordinator
