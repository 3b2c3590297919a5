#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include "base/time.hpp"
#include "coordinator/card.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/transitions.hpp"

namespace slotd::coordinator {

/// What Idle and NeedsOperator share: a slot at rest is looked at when something may have changed,
/// and a change that stays is replayed. `Phase` has next_look and changed_since.
template <class Phase>
void look_from_rest(Draft& draft, Phase phase, Instant at) {
    if (at < phase.next_look) {
        phase.next_look = at;
        draft.slot.phase = phase;
    }
}

template <class Phase>
void deadline_at_rest(Draft& draft, Phase phase) {
    if (draft.now >= phase.next_look) {
        phase.next_look = kNever;
        draft.slot.phase = phase;
        draft.look();
    }
}

/// The next look at a slot that is at rest.
inline void look_again_at(SlotPhase& phase, Instant at) {
    if (auto* const idle = std::get_if<Idle>(&phase)) {
        idle->next_look = at;
    } else if (auto* const ill = std::get_if<NeedsOperator>(&phase)) {
        ill->next_look = at;
    } else if (auto* const set_aside = std::get_if<Quarantined>(&phase)) {
        set_aside->next_look = at;
    }
}

/// A slot at rest is looked at as soon as it can be.
inline void look_soon(SlotPhase& phase, Instant now) {
    look_again_at(phase, now);
}

/// At level exclusive a slot at rest is looked at where a sample differs, and seldom without that;
/// elsewhere events say when to look.
inline Instant next_whole_look(const Draft& draft) {
    const bool samples = draft.slot.facts.policy.level == policy::Level::Exclusive;
    return samples ? draft.now + draft.limits.whole_look : kNever;
}

/// Nobody announces what happens here: the registers have to be read again and again.
inline bool wants_samples(const Slot& slot) {
    return slot.facts.policy.level == policy::Level::Exclusive &&
           (std::holds_alternative<Idle>(slot.phase) ||
            std::holds_alternative<NeedsOperator>(slot.phase) ||
            std::holds_alternative<Quarantined>(slot.phase));
}

inline CardChange change_at_rest(const Slot& slot, const Card& known,
                                 const event::Observation& seen) {
    return slot.facts.policy.level == policy::Level::Exclusive ? compare_unheard(known, seen)
                                                               : compare(known, seen);
}

/// A change that slotd does not play: well is not what the slot is.
inline void leave_change(Draft& draft, const Idle& /*phase*/, const std::string& why) {
    draft.enter(NeedsOperator{why, false, next_whole_look(draft), std::nullopt},
                action::Priority::Warning, why);
}

template <class Ill>
void leave_change(Draft& draft, Ill phase, const std::string& /*why*/) {
    phase.changed_since.reset();
    phase.next_look = next_whole_look(draft);
    draft.slot.phase = std::move(phase);
}

/// Returns true when the card is as it was known; false when a change waits for confirmation or is
/// being replayed.
template <class Phase>
bool looked_from_rest(Draft& draft, Phase phase, const event::Observation& seen) {
    // Of a slot that is not well it is no news that its card is wiped, or does not answer.
    const bool well = std::is_same_v<Phase, Idle>;
    const CardChange change =
        well ? change_at_rest(draft.slot, draft.slot.known, seen) : compare(draft.slot.known, seen);
    // Another card of the same model differs only in its serial number, which enumeration does not
    // keep: where nothing was removed since, such a swap still has to be replayed.
    const bool played = enumeration_fits(draft.slot.facts.functions, seen) &&
                        (change == CardChange::Gone || change == CardChange::Came ||
                         (change == CardChange::Swapped && !swapped_unheard(draft.slot, seen)));
    if (played) {
        learn(draft, seen);
    }
    if (change == CardChange::Same || played) {
        draft.slot.replayed.reset();
    }
    if (change == CardChange::Came && draft.slot.unsettled && draft.slot.known.occupied) {
        // What an attempt without a known outcome has left of the card is not played on.
        leave_change(draft, phase, draft.slot.unsettled->why);
        return false;
    }
    const bool tried = draft.slot.replayed && looks_as(*draft.slot.replayed, seen);
    if (tried && !played && change != CardChange::Same) {
        leave_change(draft, phase,
                     std::string(to_text(change)) + ", and replaying it did not help");
        return false;
    }
    if (change == CardChange::Same || played || (change == CardChange::Unreachable && !well)) {
        phase.changed_since.reset();
        phase.next_look = next_whole_look(draft);
        draft.slot.phase = phase;
        return change == CardChange::Same || played;
    }
    if (!phase.changed_since) {
        phase.changed_since = draft.now;
    }
    if (draft.now - *phase.changed_since >= draft.limits.change_confirmed) {
        if (draft.slot.facts.policy.level == policy::Level::Observe) {
            leave_change(draft, phase, std::string(to_text(change)) + " without a hot-plug event");
            return false;
        }
        draft.slot.replayed = Card::from(seen);
        Operation operation;
        operation.purpose = Purpose::Replay;
        begin_operation(draft, std::move(operation),
                        std::string(to_text(change)) + " without a hot-plug event");
        return false;
    }
    phase.next_look = draft.now + draft.limits.verification_look;
    draft.slot.phase = phase;
    return false;
}

/// A look that failed is tried again; a port that is gone will go with the next topology.
template <class Phase>
void look_failed_at_rest(Draft& draft, Phase phase, const WorkFailed& failed) {
    draft.tell(action::Priority::Warning, action::RecordKind::EffectFailed,
               "cannot look at the slot, trying again: " + failed.outcome.to_string());
    phase.next_look = draft.now + draft.limits.retry;
    draft.slot.phase = phase;
}

/// Functions that come or go are hot-plug; a driver that comes or goes is only worth a look.
template <class Phase>
void hotplug_at_rest(Draft& draft, const Phase& phase, const event::HotplugSeen& seen) {
    switch (seen.kind) {
        case event::HotplugKind::Added:
            kernel_hotplugs(draft, seen.function.to_string() + " was added");
            return;
        case event::HotplugKind::Removed:
            kernel_hotplugs(draft, seen.function.to_string() + " was removed");
            return;
        case event::HotplugKind::DriverBound:
        case event::HotplugKind::DriverUnbound:
            look_from_rest(draft, phase, draft.now + draft.limits.hotplug_quiet);
            return;
    }
}

}  // namespace slotd::coordinator
