#include "coordinator/step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/hearing.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "pci/service.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

namespace {

void dispatch(Draft& draft, const SlotEvent& event) {
    const SlotPhase phase = draft.slot.phase;
    std::visit(
        Overloaded{
            [&](const Resyncing& one) { step_resyncing(draft, one, event); },
            [&](const Idle& one) { step_idle(draft, one, event); },
            [&](const NeedsOperator& one) { step_needs_operator(draft, one, event); },
            [&](const Quarantined& one) { step_quarantined(draft, one, event); },
            [&](const Held& one) { step_held(draft, one, event); },
            [&](const KernelRecovering& one) { step_kernel_recovering(draft, one, event); },
            [&](const KernelHotplugging& one) { step_kernel_hotplugging(draft, one, event); },
            [&](const Waiting& one) { step_waiting(draft, one, event); },
            [&](const Surveying& one) { step_surveying(draft, one, event); },
            [&](const Reserving& one) { step_reserving(draft, one, event); },
            [&](const Draining& one) { step_draining(draft, one, event); },
            [&](const Resetting& one) { step_resetting(draft, one, event); },
            [&](const Replaying& one) { step_replaying(draft, one, event); },
            [&](const Verifying& one) { step_verifying(draft, one, event); },
            [&](const Opening& one) { step_opening(draft, one, event); },
            [&](const Soaking& one) { step_soaking(draft, one, event); },
            [&](const CoolingDown& one) { step_cooling_down(draft, one, event); },
            [&](const Wedged& one) { step_wedged(draft, one, event); },
        },
        phase);
}

void settle_level(Draft& draft, bool looked) {
    if (draft.slot.next_level && take_level(draft, looked)) {
        dispatch(draft, FactsChanged{});
    }
}

/// The uevent that says so is on its way, and the next script must not wait for it.
void note_service(SlotFacts& facts, const Gate& gate, bool bound) {
    if (gate.kind != GateKind::Service) {
        return;
    }
    for (auto* const services :
         {&facts.error_services, &facts.hotplug_services, &facts.others_hotplug}) {
        for (ServiceAt& service : *services) {
            if (service.port == gate.port && service.service == gate.service) {
                service.bound = bound;
            }
        }
    }
}

/// The uevent that says so may be late, or lost.
void note_seen_services(SlotFacts& facts, const event::Observation& seen) {
    for (auto* const services : {&facts.error_services, &facts.hotplug_services}) {
        for (ServiceAt& service : *services) {
            if (service.port == seen.port) {
                service.bound = seen.bound.contains(service.service);
            }
        }
    }
}

void note_services(Slot& slot, const action::Effect& effect, const event::Outcome& outcome,
                   Instant now) {
    if (outcome.ambiguous() && std::holds_alternative<action::BindService>(effect)) {
        note_service(slot.facts, *opened_by(effect), true);  // may be: it is unbound again
    }
    if (!outcome.succeeded()) {
        return;
    }
    if (const auto closed = closed_by(effect)) {
        note_service(slot.facts, *closed, false);
    } else if (const auto opened = opened_by(effect)) {
        note_service(slot.facts, *opened, true);
    }
    forget_what_has_drained(slot, now);
}

/// Why the slot is not well, until it has been looked at; empty if it is.
std::string ill_after_restart(const SlotPhase& phase, const std::optional<Operation>& operation) {
    if (operation && operation->purpose != Purpose::TakeToken) {
        return std::string("slotd-exec ended in the middle of: ") + to_text(operation->purpose) +
               "; not retried";
    }
    if (operation) {
        return operation->last_failure;
    }
    if (const auto* const opening = std::get_if<Opening>(&phase)) {
        return opening->verdict.well ? "" : opening->verdict.text;
    }
    if (const auto* const resyncing = std::get_if<Resyncing>(&phase)) {
        return resyncing->ill;
    }
    if (const auto* const held = std::get_if<Held>(&phase)) {
        return held->ill;
    }
    return reason_of(phase);
}

/// slotd-exec opened every gate at its start; whatever was under way has an unknown outcome, which
/// is never retried silently.
void executor_restarted(Draft& draft) {
    std::optional<Operation> operation;
    if (const Operation* const under_way = operation_of(draft.slot.phase)) {
        operation = *under_way;
        draft.act(ReleaseTurn{});
        if (operation->reserved) {
            draft.slot.unsettled =
                Unsettled{std::string("slotd-exec ended in the middle of: ") +
                              to_text(operation->rungs.front()) + "; it is not retried",
                          false};
        }
        draft.end_attempt(*operation, false, true, "slotd-exec ended in the middle");
        draft.answer(operation, false, "unknown",
                     "slotd-exec ended in the middle; what became of the reset is unknown");
    }
    const bool held_open =
        std::holds_alternative<Held>(draft.slot.phase) && draft.slot.closed.gates().empty();
    draft.slot.in_flight.reset();
    draft.slot.script.clear();
    for (const Gate& gate : draft.slot.closed.gates()) {
        note_service(draft.slot.facts, gate, true);
    }
    draft.slot.closed.clear();
    draft.slot.replayed.reset();
    const auto* const verifying = std::get_if<Verifying>(&draft.slot.phase);
    if (kernel_active(draft.slot.phase)) {
        return;  // the kernel goes on with what it does, and its end is still waited for
    }
    if (verifying != nullptr && !operation) {
        // As before: what the kernel did is still judged by the card.
        look_now(draft, *verifying);
        return;
    }
    if (held_open) {
        return;
    }
    const std::string ill = ill_after_restart(draft.slot.phase, operation);
    const bool frozen = operation ? operation->frozen : frozen_at_rest(draft.slot.phase);
    const bool well = ill.empty() && !draft.slot.unsettled;
    draft.close_incident(well ? action::Priority::Warning : action::Priority::Error,
                         "slotd-exec ended in the middle, looking afresh", frozen);
    resync(draft, "slotd-exec was started anew, all gates are open", ill, frozen);
}

bool is_known(const SlotFacts& facts, const pci::Address& port) {
    return port == facts.port ||
           std::ranges::find(facts.error_services, port, &ServiceAt::port) !=
               facts.error_services.end() ||
           std::ranges::find(facts.hotplug_services, port, &ServiceAt::port) !=
               facts.hotplug_services.end() ||
           std::ranges::find(facts.others_hotplug, port, &ServiceAt::port) !=
               facts.others_hotplug.end();
}

void note_gates(Slot& slot, const InFlight& done, const event::Outcome& outcome) {
    if (const auto gate = opened_by(done.effect)) {
        // A port that is gone takes its gates with it; one that is only silent keeps them.
        const bool vanished =
            outcome.kind == event::OutcomeKind::Gone && !is_known(slot.facts, gate->port);
        // Where nobody knows, pciehp may be bound: it is unbound again.
        const bool may_be_bound = outcome.ambiguous() && gate->kind == GateKind::Service &&
                                  gate->service == pci::Service::Pciehp;
        if (outcome.succeeded() || vanished || may_be_bound) {
            slot.closed.open(*gate);
        }
    }
    const bool never_closed = outcome.kind == event::OutcomeKind::AlreadySo ||
                              outcome.kind == event::OutcomeKind::Refused ||
                              outcome.kind == event::OutcomeKind::Gone;
    // The token is only taken where pciehp is known to be unbound; slotd-exec has undone what
    // failed.
    const auto* const unbind = std::get_if<action::UnbindService>(&done.effect);
    const bool token_not_taken = outcome.kind == event::OutcomeKind::Failed && unbind != nullptr &&
                                 unbind->service == pci::Service::Pciehp;
    if (const auto gate = closed_by(done.effect);
        gate && done.newly_closed && (never_closed || token_not_taken)) {
        slot.closed.open(*gate);
    }
}

void note_touched(SlotPhase& phase) {
    if (auto* const resetting = std::get_if<Resetting>(&phase)) {
        resetting->operation.touched = true;
    } else if (auto* const replaying = std::get_if<Replaying>(&phase)) {
        replaying->operation.touched = true;
    }
}

/// Virtual functions that could not be brought back as they were are named, and do no more harm.
void note_differences(Draft& draft, const action::Effect& effect, const event::Outcome& outcome) {
    const bool restored = outcome.kind == event::OutcomeKind::Done;
    if (std::holds_alternative<action::RestoreVfs>(effect) && restored &&
        !outcome.context.empty()) {
        draft.tell(action::Priority::Warning, action::RecordKind::VfsDiffer,
                   "virtual functions are not as they were: " + outcome.context);
    }
}

/// The operation has been left meanwhile, by a restart of slotd-exec or for the kernel: of this
/// attempt all is known.
void reserved_too_late(Draft& draft, const AttemptReserved& reserved) {
    draft.act(
        Remember{history::AttemptEnded{draft.slot.facts.port, reserved.incident, reserved.attempt,
                                       false, false, "left before anything was touched"}});
}

bool under_way(const SlotPhase& phase, const AttemptReserved& reserved) {
    const Operation* const operation = operation_of(phase);
    return operation != nullptr && operation->attempt == reserved.attempt;
}

}  // namespace

Step step(Slot slot, const SlotEvent& event, Instant now, const policy::Limits& limits) {
    Draft draft(std::move(slot), now, limits);
    hear(draft.slot, event, now, limits);
    if (draft.slot.hold && now >= draft.slot.hold->until &&
        !std::holds_alternative<Held>(draft.slot.phase)) {
        draft.slot.hold.reset();  // its time passed while the slot was busy
    }
    std::visit(Overloaded{
                   [&](const ExecutorRestarted&) { executor_restarted(draft); },
                   [&](const event::HoldRequested& request) { hold(draft, request); },
                   [&](const event::ReleaseRequested& request) { release(draft, request); },
                   [&](const Recalled& recalled) { recall(draft, recalled); },
                   [&](const Reconfigured& now_so) { reconfigure(draft, now_so.policy); },
                   [&](const event::DeviceWedged& wedged) { device_wedged(draft, wedged); },
                   [&](const AttemptReserved& reserved) {
                       if (under_way(draft.slot.phase, reserved)) {
                           dispatch(draft, event);
                       } else {
                           reserved_too_late(draft, reserved);
                       }
                   },
                   [&](const auto&) { dispatch(draft, event); },
               },
               event);
    settle_level(draft, false);
    return std::move(draft).done();
}

Step finish_effect(Slot slot, event::EffectId id, const event::Outcome& outcome, Instant now,
                   const policy::Limits& limits) {
    Draft draft(std::move(slot), now, limits);
    if (!draft.slot.in_flight || draft.slot.in_flight->id != id ||
        outcome.kind == event::OutcomeKind::ExecutorLost) {
        // Stale, or ExecutorRestarted will say what to do.
        return std::move(draft).done();
    }
    const InFlight done = *draft.slot.in_flight;
    const bool looked = action::reads_only(done.effect);
    if (outcome.kind == event::OutcomeKind::TimedOut && !looked) {
        // Stays in flight: its worker may still come back.
        become_wedged(draft, done.effect);
        return std::move(draft).done();
    }
    note_gates(draft.slot, done, outcome);
    note_services(draft.slot, done.effect, outcome, now);
    if (outcome.observation && outcome.observation->port_answers) {
        note_seen_services(draft.slot.facts, *outcome.observation);
    }
    draft.slot.in_flight.reset();
    if (!done.abandoned && outcome.kind != event::OutcomeKind::Refused) {
        note_touched(draft.slot.phase);
    }
    if (std::holds_alternative<Wedged>(draft.slot.phase)) {
        dispatch(draft, WorkerReturned{outcome});
    } else if (done.abandoned) {
        (void)draft.start_next();
    } else if (!outcome.succeeded()) {
        dispatch(draft, WorkFailed{done.effect, outcome});
    } else {
        note_differences(draft, done.effect, outcome);
        if (!draft.start_next()) {
            dispatch(draft, WorkDone{outcome.observation, outcome.usage});
        }
    }
    settle_level(draft, looked && !done.abandoned);
    return std::move(draft).done();
}

Step begin(Slot slot, Instant now, const policy::Limits& limits) {
    Draft draft(std::move(slot), now, limits);
    resync(draft, "new slot");
    return std::move(draft).done();
}

}  // namespace slotd::coordinator
