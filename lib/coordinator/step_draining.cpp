#include <cerrno>
#include <string>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/card.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/resting.hpp"
#include "coordinator/scripts.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"

namespace slotd::coordinator {

namespace {

/// The gates are closed and the kernel has drained: what the registers say now is what we act on.
void act_on_replay(Draft& draft, Operation operation, const event::Observation& seen) {
    const CardChange change = change_at_rest(draft.slot, operation.before, seen);
    if (change == CardChange::Same) {
        draft.slot.replayed.reset();
        open_gates(draft, std::move(operation),
                   Verdict{true, false, "the same card is there, nothing to replay"});
        return;
    }
    if (change == CardChange::Unreachable) {
        bring_back(draft, "a card is there but does not answer", {.answers = false}, operation);
        return;
    }
    auto script = replay_script(draft.slot, change);
    draft.enter(Replaying{std::move(operation)}, action::Priority::Notice,
                std::string("handing to pciehp: ") + to_text(change));
    draft.run(std::move(script));
}

void act_on_ladder(Draft& draft, const Operation& operation, const event::Observation& seen) {
    if (compare(operation.before, seen) == CardChange::Gone) {
        // Hot-plug's business: what was latched is delivered, or found from rest.
        Verdict verdict{false, false, "the card has left the slot"};
        verdict.handed_over = true;
        open_gates(draft, operation, std::move(verdict), action::Latched::Deliver);
        return;
    }
    if (const auto off = why_configured_off(draft.slot);
        off && operation.purpose == Purpose::Recover) {
        stop_recovery(draft, operation, *off);
        return;
    }
    auto script = rung_script(draft.slot, operation);
    if (script.empty()) {
        // A bridge resets no function, and functions may have gone since the step was chosen.
        next_rung(draft, operation, "there is no function that could be reset");
        return;
    }
    draft.enter(Resetting{operation}, action::Priority::Notice,
                std::string("trying ") + to_text(operation.rungs.front()));
    draft.run(std::move(script));
}

/// A kernel that is locked down lets nobody write registers: there the level is what `observe` is,
/// which runs what is asked for by hand (doctor: lockdown).
bool goes_without(const Operation& operation, const WorkFailed& failed) {
    const bool by_registers = std::holds_alternative<action::RaiseFence>(failed.effect) ||
                              std::holds_alternative<action::MaskHotplug>(failed.effect);
    return operation.purpose == Purpose::Manual && by_registers &&
           failed.outcome.kind == event::OutcomeKind::Refused && failed.outcome.os_errno == EPERM;
}

/// At levels without the token nothing was drained: the kernel is at work and has the slot. At
/// level exclusive the drain waits for exactly this, and the look after it sees the result.
bool kernel_first(const Draft& draft) {
    return draft.slot.facts.policy.level != policy::Level::Exclusive || token_missing(draft.slot);
}

}  // namespace

void step_draining(Draft& draft, const Draining& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const WorkDone& done) {
                if (!done.observation) {
                    draft.look();
                } else if (draft.slot.heard.recovers(draft.now) ||
                           draft.slot.heard.hotplugs(draft.now)) {
                    wait_again(draft, phase.operation, "it is at work on the slot");
                } else if (phase.operation.purpose == Purpose::Replay) {
                    act_on_replay(draft, phase.operation, *done.observation);
                } else {
                    act_on_ladder(draft, phase.operation, *done.observation);
                }
            },
            [&](const WorkFailed& failed) {
                if (goes_without(phase.operation, failed)) {
                    draft.tell(action::Priority::Warning, action::RecordKind::GateProblem,
                               action::to_string(failed.effect) +
                                   ": the kernel lets nobody write registers (lockdown?); going "
                                   "on without, as this was asked for by hand");
                    (void)draft.start_next();  // a look is the last
                    return;
                }
                const std::string why = "cannot prepare the slot: " + failed.outcome.to_string();
                draft.tell(action::Priority::Error, action::RecordKind::GateProblem,
                           why + "; nothing was reset");
                open_gates(draft, phase.operation, Verdict{false, phase.operation.frozen, why});
            },
            [&](const OneOf<event::RecoveryReported, event::HotplugSeen,
                            event::HotplugAnnounced> auto& said) {
                if (kernel_first(draft)) {
                    give_way(draft, phase.operation, said);
                }
            },
            [&](const TurnRefused& called_back) {
                wait_again(draft, phase.operation, called_back.reason);
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            // An announced error is latched behind the gates that are closing; a recovery would
            // report.
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, event::ErrorReported,
                           event::EventsMissed, FactsChanged, TurnGranted, AttemptReserved,
                           AttemptRefused, WorkerReturned, ExecutorRestarted,
                           DeadlinePassed> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
