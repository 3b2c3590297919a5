#include "coordinator/phase.hpp"

#include <algorithm>
#include <string>
#include <variant>

#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/operation.hpp"

namespace slotd::coordinator {

const char* to_text(Purpose purpose) {
    switch (purpose) {
        case Purpose::TakeToken:
            return "take the token";
        case Purpose::Recover:
            return "recover";
        case Purpose::Manual:
            return "reset by hand";
        case Purpose::Replay:
            return "replay hot-plug";
    }
    return "unknown";
}

const char* name_of(const SlotPhase& phase) {
    return std::visit(Overloaded{
                          [](const Resyncing&) { return "resyncing"; },
                          [](const Idle&) { return "idle"; },
                          [](const NeedsOperator&) { return "needs-operator"; },
                          [](const Quarantined&) { return "quarantined"; },
                          [](const Held&) { return "held"; },
                          [](const KernelRecovering&) { return "kernel-recovering"; },
                          [](const KernelHotplugging&) { return "kernel-hotplugging"; },
                          [](const Waiting&) { return "waiting"; },
                          [](const Surveying&) { return "surveying"; },
                          [](const Reserving&) { return "reserving"; },
                          [](const Draining&) { return "draining"; },
                          [](const Resetting&) { return "resetting"; },
                          [](const Replaying&) { return "replaying"; },
                          [](const Verifying&) { return "verifying"; },
                          [](const Opening&) { return "opening"; },
                          [](const Soaking&) { return "soaking"; },
                          [](const CoolingDown&) { return "cooling-down"; },
                          [](const Wedged&) { return "wedged"; },
                      },
                      phase);
}

Instant deadline_of(const SlotPhase& phase) {
    return std::visit(
        Overloaded{
            [](const Resyncing& one) { return one.retry_at; },
            [](const OneOf<Idle, NeedsOperator, Quarantined> auto& one) { return one.next_look; },
            [](const OneOf<Held, Soaking, CoolingDown> auto& one) { return one.until; },
            [](const KernelRecovering& one) { return one.decide_at; },
            [](const KernelHotplugging& one) { return std::min(one.quiet_at, one.give_up_at); },
            [](const OneOf<Waiting, Reserving> auto& one) { return one.give_up_at; },
            // A look that is under way ends by itself, and what it sees is judged then.
            [](const Verifying& one) {
                return one.next_look == kNever ? kNever : std::min(one.next_look, one.give_up_at);
            },
            // Their effects have deadlines of their own, kept by slotd-exec.
            [](const OneOf<Surveying, Draining, Resetting, Replaying, Opening, Wedged> auto&) {
                return kNever;
            },
        },
        phase);
}

std::string reason_of(const SlotPhase& phase) {
    if (const auto* ill = std::get_if<NeedsOperator>(&phase)) {
        return ill->reason;
    }
    if (const auto* set_aside = std::get_if<Quarantined>(&phase)) {
        return set_aside->reason;
    }
    if (const auto* held = std::get_if<Held>(&phase)) {
        return "held by " + held->by;
    }
    if (const auto* wedged = std::get_if<Wedged>(&phase)) {
        return "the kernel has not returned from: " + wedged->effect;
    }
    const Operation* const operation = operation_of(phase);
    return operation == nullptr ? "" : to_text(operation->purpose);
}

bool kernel_active(const SlotPhase& phase) {
    return std::holds_alternative<KernelRecovering>(phase) ||
           std::holds_alternative<KernelHotplugging>(phase);
}

bool frozen_at_rest(const SlotPhase& phase) {
    const auto* const ill = std::get_if<NeedsOperator>(&phase);
    const auto* const set_aside = std::get_if<Quarantined>(&phase);
    const auto* const resyncing = std::get_if<Resyncing>(&phase);
    const auto* const held = std::get_if<Held>(&phase);
    return (ill != nullptr && ill->frozen) || (held != nullptr && held->frozen) ||
           (set_aside != nullptr && set_aside->frozen) ||
           (resyncing != nullptr && resyncing->frozen);
}

const Operation* operation_of(const SlotPhase& phase) {
    return std::visit(Overloaded{
                          [](const OneOf<Waiting, Surveying, Reserving, Draining, Resetting,
                                         Replaying, Soaking> auto& one) { return &one.operation; },
                          [](const Verifying& one) { return std::get_if<Operation>(&one.subject); },
                          [](const OneOf<Opening, Wedged> auto& one) {
                              return one.operation ? &*one.operation
                                                   : static_cast<const Operation*>(nullptr);
                          },
                          [](const OneOf<Resyncing, Idle, NeedsOperator, Quarantined, Held,
                                         KernelRecovering, KernelHotplugging, CoolingDown> auto&) {
                              return static_cast<const Operation*>(nullptr);
                          },
                      },
                      phase);
}

}  // namespace slotd::coordinator
