#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/resting.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/step.hpp"
#include "coordinator/transitions.hpp"
#include "pci/service.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::coordinator {

using action::Priority;
using action::RecordKind;

namespace {

/// At rest, and no change of the card waits to be confirmed: that is played at the old level.
bool rests_unchanged(const SlotPhase& phase) {
    return std::visit(
        Overloaded{
            [](const OneOf<Idle, NeedsOperator, Quarantined> auto& rest) {
                return !rest.changed_since;
            },
            [](const OneOf<Held, Resyncing, KernelRecovering, KernelHotplugging, Waiting, Surveying,
                           Reserving, Draining, Resetting, Replaying, Verifying, Opening, Soaking,
                           CoolingDown, Wedged> auto&) { return false; },
        },
        phase);
}

/// What has moved gates or less ends at once; from Reserving on each phase asks for itself.
void stop_if_untouched(Draft& draft, const std::string& why) {
    const SlotPhase phase = draft.slot.phase;
    std::visit(
        Overloaded{
            [&](const OneOf<Waiting, Surveying> auto& one) {
                if (one.operation.purpose == Purpose::Recover) {
                    stop_recovery(draft, one.operation, why);
                }
            },
            [](const OneOf<Idle, NeedsOperator, Quarantined, Held, Resyncing, KernelRecovering,
                           KernelHotplugging, Reserving, Draining, Resetting, Replaying, Verifying,
                           Opening, Soaking, CoolingDown, Wedged> auto&) {},
        },
        phase);
}

}  // namespace

std::optional<std::string> why_configured_off(const Slot& slot) {
    const policy::SlotPolicy& policy = slot.facts.policy;
    if (policy.level == policy::Level::Observe || slot.next_level == policy::Level::Observe) {
        return "level observe never acts on its own";
    }
    if (!policy.automatic_action) {
        return "automatic_action is off";
    }
    return std::nullopt;
}

void stop_recovery(Draft& draft, Operation operation, const std::string& why) {
    const std::string line = "the configuration has changed, " + why + "; nothing was reset";
    draft.tell(Priority::Warning, RecordKind::NoAction, line);
    const Verdict verdict{false, operation.frozen, line};
    const bool waits = std::holds_alternative<Waiting>(draft.slot.phase);
    if (waits && draft.slot.facts.policy.level == policy::Level::Exclusive) {
        // Moving the token is what the turn was for.
        conclude(draft, std::move(operation), verdict, std::nullopt);
    } else {
        open_gates(draft, std::move(operation), verdict);
    }
}

void reconfigure(Draft& draft, const policy::SlotPolicy& policy) {
    Slot& slot = draft.slot;
    const policy::Level in_force = slot.facts.policy.level;
    // One that waits already is taken up in any case: work was put off for it.
    const bool waits = policy.level != in_force || slot.next_level.has_value();
    slot.facts.policy = policy;
    slot.facts.policy.level = in_force;
    slot.next_level = waits ? std::optional(policy.level) : std::nullopt;
    const bool at_rest = rests_unchanged(slot.phase) || std::holds_alternative<Held>(slot.phase);
    if (policy.level != in_force && !at_rest) {
        draft.tell(Priority::Notice, RecordKind::Configuration,
                   fmt::format("level {} as soon as the slot is at rest, now {}",
                               to_text(policy.level), name_of(slot.phase)));
    }
    if (const auto why = why_configured_off(slot)) {
        stop_if_untouched(draft, *why);
    }
}

bool take_level(Draft& draft, bool looked) {
    Slot& slot = draft.slot;
    // Nothing is held back in an operator's hands.
    const bool held = std::holds_alternative<Held>(slot.phase);
    if (!held && (!rests_unchanged(slot.phase) || slot.in_flight)) {
        return false;
    }
    const bool deaf = slot.closed.contains_service(slot.facts.port, pci::Service::Pciehp);
    if (!held && deaf && !looked) {
        // Of what changed while pciehp was held back it would not hear. Where it is bound, a look
        // at rest might be in the middle of a hot-plug that it has not told of.
        look_soon(slot.phase, draft.now);
        return false;
    }
    const policy::Level before =
        std::exchange(slot.facts.policy.level, *std::exchange(slot.next_level, std::nullopt));
    if (before != slot.facts.policy.level) {
        draft.tell(
            Priority::Notice, RecordKind::Configuration,
            fmt::format("level {} now, was {}", to_text(slot.facts.policy.level), to_text(before)));
    }
    look_again_at(slot.phase, next_whole_look(draft));
    return true;
}

}  // namespace slotd::coordinator
