#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/card.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/request.hpp"
#include "policy/ladder.hpp"

namespace slotd::coordinator {

namespace {

bool settled(const event::Observation& seen) {
    const bool answer = std::ranges::all_of(
        seen.functions, [](const auto& function) { return function.identity.answers(); });
    return seen.port_answers && seen.occupied() == !seen.functions.empty() && answer;
}

void look_again(Draft& draft, Verifying phase) {
    phase.next_look = draft.now + draft.limits.verification_look;
    draft.slot.phase = std::move(phase);
}

/// What to do when the last look found that `why` is still true.
void not_verified(Draft& draft, const Verifying& phase, const event::Observation& seen,
                  const std::string& why) {
    std::visit(Overloaded{
                   [&](const Operation& operation) {
                       if (operation.purpose == Purpose::Replay) {
                           learn(draft, seen);
                           open_gates(draft, operation,
                                      Verdict{false, false,
                                              "the replayed hot-plug did not settle: " + why});
                       } else {
                           next_rung(draft, operation, why);
                       }
                   },
                   [&](const KernelRecovered&) {
                       // A failed fatal recovery never gets here: these functions are not frozen.
                       bring_back(draft, "after the kernel's recovery: " + why,
                                  condition_of(draft.slot.known, seen));
                   },
                   [&](const KernelHotplugged&) {
                       learn(draft, seen);
                       // A card that came while notification was off is heard of after all.
                       open_gates(draft, std::nullopt,
                                  Verdict{false, false, "hot-plug over, but not settled: " + why},
                                  action::Latched::Deliver);
                   },
               },
               phase.subject);
}

/// The card left or was swapped for another: pciehp's business, by what was latched or by a replay.
void hand_over(Draft& draft, const Verifying& phase, CardChange change) {
    std::optional<Operation> operation;
    if (const auto* const own = std::get_if<Operation>(&phase.subject)) {
        operation = *own;
    }
    Verdict verdict{!operation || operation->purpose != Purpose::Manual, false,
                    std::string(to_text(change)) + ", handed to hot-plug"};
    verdict.handed_over = true;
    open_gates(draft, std::move(operation), std::move(verdict), action::Latched::Deliver);
}

void verified(Draft& draft, const Verifying& phase, const event::Observation& seen,
              const std::string& text) {
    std::optional<Operation> operation;
    if (const auto* const own = std::get_if<Operation>(&phase.subject)) {
        operation = *own;
    }
    const Card& before = operation ? operation->before : draft.slot.known;
    Verdict verdict{true, false, text};
    if (seen.occupied() && seen.functions.empty()) {
        verdict.well = false;
        verdict.text = "a card is there that the kernel has not enumerated";
    }
    const std::string slower = why_degraded(before, seen);
    // Another card may have another link.
    if (!slower.empty() && compare(before, seen) == CardChange::Same) {
        if (!phase.last_look) {
            look_again(draft, phase);
            return;
        }
        verdict.degraded = true;
        verdict.text += ", but " + slower;
        draft.tell(action::Priority::Warning, action::RecordKind::EffectFailed, slower);
    }
    learn(draft, seen);
    open_gates(draft, std::move(operation), std::move(verdict));
}

/// Hot-plug is judged by whether what is enumerated fits what is there.
void looked_after_hotplug(Draft& draft, const Verifying& phase, const event::Observation& seen) {
    const bool fits = settled(seen) && enumeration_fits(draft.slot.facts.functions, seen);
    if (fits && swapped_unheard(draft.slot, seen)) {
        hand_over(draft, phase, CardChange::Swapped);
        return;
    }
    if (fits) {
        draft.slot.unsettled.reset();  // enumerated afresh since
        draft.slot.replayed.reset();
        verified(draft, phase, seen,
                 seen.occupied() ? "settled, a card is there" : "settled, the slot is empty");
    } else if (phase.last_look) {
        not_verified(draft, phase, seen,
                     seen.occupied() ? "a card is there, but not all of it is "
                                       "enumerated and answers"
                                     : "functions of no card are enumerated");
    } else {
        look_again(draft, phase);
    }
}

/// Recovery is judged by whether the card is back as it was.
void looked_after_recovery(Draft& draft, Verifying phase, const event::Observation& seen) {
    const auto* const own = std::get_if<Operation>(&phase.subject);
    const Card& before = own != nullptr ? own->before : draft.slot.known;
    const CardChange change = compare(before, seen);
    const bool enumerated_afresh =
        own != nullptr && own->rungs.front() == policy::Rung::Reenumerate;
    if (change == CardChange::Swapped && enumerated_afresh && settled(seen)) {
        verified(draft, phase, seen, "another card is in the slot and enumerated");
        return;
    }
    const std::string why = why_not_verified(before, seen);
    if (why.empty()) {
        verified(draft, phase, seen,
                 own != nullptr ? "recovered and verified" : "the card is as it was");
        return;
    }
    if (change == CardChange::Gone || change == CardChange::Swapped) {
        if (!phase.changed_since) {
            phase.changed_since = draft.now;
        }
        // A link in training looks like an empty slot for a moment.
        if (draft.now - *phase.changed_since >= draft.limits.change_confirmed) {
            hand_over(draft, phase, change);
            return;
        }
    } else {
        phase.changed_since.reset();
    }
    if (phase.last_look) {
        not_verified(draft, phase, seen, why);
    } else {
        look_again(draft, std::move(phase));
    }
}

void looked(Draft& draft, const Verifying& phase, const event::Observation& seen) {
    const auto* const own = std::get_if<Operation>(&phase.subject);
    const bool hotplug = std::holds_alternative<KernelHotplugged>(phase.subject) ||
                         (own != nullptr && own->purpose == Purpose::Replay);
    const Card& before = own != nullptr ? own->before : draft.slot.known;
    if (hotplug || !before.looked) {
        looked_after_hotplug(draft, phase, seen);
    } else {
        looked_after_recovery(draft, phase, seen);
    }
}

bool own_operation(const Verifying& phase) {
    return std::holds_alternative<Operation>(phase.subject);
}

void functions_changed(Draft& draft, const Verifying& phase, const std::string& what) {
    if (own_operation(phase)) {
        return;  // ours, or found by the next look
    }
    if (std::holds_alternative<KernelRecovered>(phase.subject)) {
        draft.tell(action::Priority::Warning, action::RecordKind::OverlapSeen,
                   what + " right after the kernel recovered the slot");
    }
    kernel_hotplugs(draft, what);
}

void recovery_reported(Draft& draft, const Verifying& phase,
                       const event::RecoveryReported& reported) {
    const auto* const recovered = std::get_if<KernelRecovered>(&phase.subject);
    const bool straggler = recovered != nullptr && reported.report == recovered->verdict;
    if (!own_operation(phase) && !straggler) {
        kernel_recovers(draft, reported);
    }
}

}  // namespace

void step_verifying(Draft& draft, const Verifying& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const WorkDone& done) {
                if (done.observation) {
                    looked(draft, phase, *done.observation);
                }
            },
            [&](const WorkFailed& failed) {
                if (!phase.last_look) {
                    look_again(draft, phase);
                } else {
                    event::Observation nothing;
                    nothing.port = draft.slot.facts.port;
                    not_verified(draft, phase, nothing,
                                 "cannot look: " + failed.outcome.to_string());
                }
            },
            [&](const DeadlinePassed&) {
                if (draft.now >= std::min(phase.next_look, phase.give_up_at) &&
                    !draft.slot.in_flight) {
                    look_now(draft, phase);
                }
            },
            [&](const event::RecoveryReported& reported) {
                recovery_reported(draft, phase, reported);
            },
            [&](const event::ErrorReported& error) {
                if (!own_operation(phase)) {
                    kernel_announces(draft, error);
                }
            },
            [&](const event::HotplugSeen& seen) {
                if (seen.kind == event::HotplugKind::Removed) {
                    functions_changed(draft, phase, seen.function.to_string() + " was removed");
                } else if (seen.kind == event::HotplugKind::Added) {
                    functions_changed(draft, phase, seen.function.to_string() + " was added");
                }
            },
            [&](const event::HotplugAnnounced&) {
                functions_changed(draft, phase, "pciehp announced a change");
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            [](const OneOf<event::DeviceWedged, event::HoldRequested, event::ReleaseRequested,
                           Recalled, Reconfigured, HistoryFailed, event::EventsMissed, FactsChanged,
                           TurnGranted, TurnRefused, AttemptReserved, AttemptRefused,
                           WorkerReturned, ExecutorRestarted> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
