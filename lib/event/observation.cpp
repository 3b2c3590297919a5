#include "event/observation.hpp"

#include <algorithm>

namespace slotd::event {

namespace {

bool any_answers(const Observation& seen) {
    return std::ranges::any_of(
        seen.functions, [](const FunctionSeen& function) { return function.identity.answers(); });
}

}  // namespace

bool Observation::occupied() const {
    // Either bit is enough, as in pciehp: in-band presence flaps with the link on some platforms.
    if (card_present || link_active) {
        return card_present.value_or(false) || link_active.value_or(false);
    }
    return any_answers(*this);
}

bool Observation::reachable() const {
    return occupied() && link_active.value_or(true);
}

}  // namespace slotd::event
