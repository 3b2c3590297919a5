#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"

namespace slotd::coordinator {

namespace {

using event::WedgedMethod;

/// Why slotd cannot do what the driver asks for; nullopt where it can. The gentlest that it can do
/// is re-enumeration, which unbinds, resets and binds: more than `rebind`, all of `bus-reset`.
std::optional<std::string> why_not_ours(const event::DeviceWedged& wedged) {
    const auto names = [&](WedgedMethod method) {
        return std::ranges::find(wedged.methods, method) != wedged.methods.end();
    };
    if (names(WedgedMethod::Rebind) || names(WedgedMethod::BusReset)) {
        return std::nullopt;
    }
    if (names(WedgedMethod::None)) {
        return "its driver needs no help";
    }
    return "its driver asks for something that only its vendor's tool can do";
}

bool at_rest(const SlotPhase& phase) {
    return std::holds_alternative<Idle>(phase) || std::holds_alternative<NeedsOperator>(phase) ||
           std::holds_alternative<Quarantined>(phase) || std::holds_alternative<Held>(phase) ||
           std::holds_alternative<CoolingDown>(phase);
}

}  // namespace

void device_wedged(Draft& draft, const event::DeviceWedged& wedged) {
    const std::string what = "the driver of " + wedged.function.to_string() + " calls it wedged";
    if (const auto why_not = why_not_ours(wedged)) {
        draft.tell(action::Priority::Notice, action::RecordKind::NoAction, what + "; " + *why_not);
        return;
    }
    if (!at_rest(draft.slot.phase)) {
        draft.tell(action::Priority::Warning, action::RecordKind::NoAction,
                   what + std::string("; the slot is ") + name_of(draft.slot.phase) +
                       ", and what comes out of that is looked at");
        return;
    }
    draft.open_incident(what);
    bring_back(draft, what, {.wants_driver = true});
}

}  // namespace slotd::coordinator
