#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/resting.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "coordinator/transitions.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"

namespace slotd::coordinator {

using action::Priority;
using action::RecordKind;

namespace {

/// An operation that has touched nothing ends here; it is not tried again.
void give_up(Draft& draft, Operation operation, const std::string& why) {
    draft.answer(operation, false, "refused", why);
    operation.request.reset();  // answered
    const Verdict verdict{operation.purpose != Purpose::Recover && !operation.frozen,
                          operation.frozen, why};
    open_gates(draft, std::move(operation), verdict);
}

/// The hold stands; a slot that is at rest, or whose operation has touched nothing, obeys at once.
void obey(Draft& draft, const std::string& why) {
    const SlotPhase phase = draft.slot.phase;
    std::visit(
        Overloaded{
            [&](const Idle&) {
                open_gates(draft, std::nullopt, Verdict{true, false, why});
            },
            [&](const OneOf<NeedsOperator, Quarantined> auto& ill) {
                open_gates(draft, std::nullopt, Verdict{false, ill.frozen, ill.reason});
            },
            [&](const Held& held) {
                const Hold& hold = *draft.slot.hold;
                draft.enter(Held{hold.until, hold.by, hold.reason, held.ill, held.frozen},
                            Priority::Notice, why);
            },
            [&](const CoolingDown&) {
                open_gates(draft, std::nullopt, Verdict{true, false, why});
            },
            [&](const OneOf<Waiting, Surveying> auto& one) { give_up(draft, one.operation, why); },
            [](const OneOf<Resyncing, KernelRecovering, KernelHotplugging, Reserving, Draining,
                           Resetting, Replaying, Verifying, Opening, Soaking, Wedged> auto&) {},
        },
        phase);
}

/// A release forgives; it does not make a card well that the kernel has given up.
void stay_ill(Draft& draft) {
    if (!frozen_at_rest(draft.slot.phase)) {
        draft.slot.ill_incident = 0;
    } else if (draft.slot.ill_incident != 0) {
        draft.act(
            Remember{history::IncidentClosed{draft.slot.ill_incident, draft.slot.facts.port, false,
                                             "released, and still not recovered", true}});
    }
}

/// What the history says of this run of slotd, the slot knows itself.
void recall_unsettled(Draft& draft, const Recalled& recalled) {
    const bool of_this_run =
        recalled.incident >> 32 != 0 && recalled.incident >> 32 == draft.slot.incident_base >> 32;
    if (!recalled.unsettled || draft.slot.unsettled || of_this_run) {
        return;
    }
    const auto& [why, frozen] = *recalled.unsettled;
    draft.slot.unsettled = recalled.unsettled;
    draft.slot.ill_incident = recalled.incident;
    draft.tell(Priority::Warning, RecordKind::History, why);
    if (std::holds_alternative<Idle>(draft.slot.phase)) {
        draft.enter(NeedsOperator{why, frozen, draft.now, {}}, Priority::Warning, why);
    }
}

}  // namespace

void hold(Draft& draft, const event::HoldRequested& request) {
    const std::string by = request.requester.to_string();
    const Instant until = request.lasts ? draft.now + *request.lasts : kNever;
    draft.slot.hold = Hold{until, by, request.requester.reason};
    draft.act(Remember{
        history::Held{draft.slot.facts.port, request.lasts, by, request.requester.reason}});
    draft.tell(Priority::Notice, RecordKind::Held, "hold asked for by " + by);
    obey(draft, "held by " + by);
    const bool at_rest = std::holds_alternative<Held>(draft.slot.phase);
    draft.act(Answer{request.request, true, "held",
                     at_rest ? "held; slotd keeps its hands off the slot"
                             : std::string("held as soon as the slot is at rest, now ") +
                                   name_of(draft.slot.phase)});
}

void release(Draft& draft, const event::ReleaseRequested& request) {
    const std::string by = request.requester.to_string();
    std::string what = draft.slot.hold ? "the hold ends" : "";
    if (draft.slot.quarantine) {
        what += (what.empty() ? "" : ", ") + std::string("the quarantine ends");
    }
    what += (what.empty() ? "nothing was held; " : "; ") + std::string("its budget is given back");
    draft.slot.hold.reset();
    draft.slot.quarantine.reset();
    draft.slot.unsettled.reset();
    draft.act(Remember{history::Released{draft.slot.facts.port, by, request.requester.reason}});
    stay_ill(draft);
    draft.tell(Priority::Notice, RecordKind::Held, fmt::format("released by {}: {}", by, what));
    const SlotPhase phase = draft.slot.phase;
    if (const auto* const held = std::get_if<Held>(&phase)) {
        end_hold(draft, *held, "released");
    } else if (const auto* const set_aside = std::get_if<Quarantined>(&phase)) {
        draft.enter(NeedsOperator{set_aside->reason, set_aside->frozen, draft.now, {}},
                    Priority::Notice, "released from quarantine");
    }
    look_soon(draft.slot.phase, draft.now);
    draft.act(Answer{request.request, true, "released", what});
}

void recall(Draft& draft, const Recalled& recalled) {
    if (recalled.quarantine && !draft.slot.quarantine) {
        draft.slot.quarantine = recalled.quarantine;
        draft.tell(Priority::Warning, RecordKind::Quarantined,
                   "still in quarantine: " + *recalled.quarantine);
        if (std::holds_alternative<Idle>(draft.slot.phase)) {
            draft.enter(Quarantined{*recalled.quarantine, false, draft.now, {}}, Priority::Warning,
                        *recalled.quarantine);
        }
    }
    recall_unsettled(draft, recalled);
    if (recalled.hold && !draft.slot.hold) {
        draft.slot.hold = recalled.hold;
        draft.tell(Priority::Notice, RecordKind::Held, "still held by " + recalled.hold->by);
        obey(draft, "still held by " + recalled.hold->by);
    }
}

void end_hold(Draft& draft, const Held& phase, const std::string& why) {
    draft.slot.hold.reset();
    if (draft.slot.quarantine) {
        draft.enter(Quarantined{*draft.slot.quarantine, phase.frozen, draft.now, {}},
                    Priority::Notice, "the hold is over: " + why);
    } else if (!phase.ill.empty()) {
        draft.enter(NeedsOperator{phase.ill, phase.frozen, draft.now, {}}, Priority::Notice,
                    "the hold is over: " + why);
    } else {
        // What is known of the card stays: a change in the operator's hands is compared with it.
        draft.enter(Idle{draft.now, {}}, Priority::Notice, "the hold is over: " + why);
    }
    take_up_work(draft);
}

}  // namespace slotd::coordinator
