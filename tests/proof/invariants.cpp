#include "tests/proof/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <variant>

#include "action/effect.hpp"
#include "base/overloaded.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"

namespace slotd::proof {

using coordinator::Coordinator;
using coordinator::Gate;
using coordinator::GateKind;
using coordinator::Slot;

bool acts(const action::Effect& effect, const Slot& slot) {
    const auto moves_pciehp = [&](pci::Service service) {
        return service == pci::Service::Pciehp &&
               (std::holds_alternative<coordinator::Resetting>(slot.phase) ||
                std::holds_alternative<coordinator::Replaying>(slot.phase));
    };
    return std::visit(
        Overloaded{
            [](const OneOf<action::ResetFunction, action::SetSlotPower, action::RemoveFunction,
                           action::RescanBelow, action::ResetByVfio,
                           action::ResetByLentFds> auto&) { return true; },
            // Within a step it is what makes pciehp look at the slot; elsewhere it is a gate.
            [&](const OneOf<action::BindService, action::UnbindService> auto& one) {
                return moves_pciehp(one.service);
            },
            [](const OneOf<action::RaiseFence, action::LowerFence, action::MaskHotplug,
                           action::UnmaskHotplug, action::ObserveSlot, action::SurveyUse,
                           action::AskHooks, action::NoteVfs, action::RestoreVfs> auto&) {
                return false;
            },
        },
        effect);
}

std::optional<pci::Address> slot_of(const action::Effect& effect, const pci::Topology& known) {
    const pci::Address subject = action::subject(effect);
    if (!std::holds_alternative<action::ResetFunction>(effect) &&
        !std::holds_alternative<action::RemoveFunction>(effect)) {
        return subject;
    }
    const pci::Port* const above = known.port_above(subject);
    return above == nullptr ? std::nullopt : std::optional(above->address);
}

bool in_operation(const Slot& slot) {
    // One that never got its turn has no attempt: it has nothing but its gates to open.
    const coordinator::Operation* const operation = coordinator::operation_of(slot.phase);
    return operation != nullptr && operation->attempt != 0 &&
           !std::holds_alternative<coordinator::Waiting>(slot.phase);
}

bool at_rest(const Slot& slot) {
    if (const auto* const idle = std::get_if<coordinator::Idle>(&slot.phase)) {
        return !idle->changed_since;
    }
    return std::holds_alternative<coordinator::NeedsOperator>(slot.phase) ||
           std::holds_alternative<coordinator::Quarantined>(slot.phase) ||
           std::holds_alternative<coordinator::Held>(slot.phase) ||
           std::holds_alternative<coordinator::Wedged>(slot.phase);
}

Violations overlapping_operations(const Truth& truth, const Coordinator& slotd) {
    Violations found;
    for (auto one = slotd.slots().begin(); one != slotd.slots().end(); ++one) {
        for (auto other = std::next(one); other != slotd.slots().end(); ++other) {
            if (in_operation(one->second) && in_operation(other->second) &&
                truth.overlap(one->first, other->first)) {
                found.push_back({1, fmt::format("{} is {} while {} is {}", one->first.to_string(),
                                                coordinator::name_of(one->second.phase),
                                                other->first.to_string(),
                                                coordinator::name_of(other->second.phase))});
            }
        }
    }
    return found;
}

Violations machine_wide_twice(const Truth& truth) {
    const RunningEffect* first = nullptr;
    for (const RunningEffect& running : truth.running) {
        if (running.given_up || !action::machine_wide(running.effect)) {
            continue;
        }
        if (first != nullptr) {
            return {{4, fmt::format("slotd-exec has both: {}, and: {}",
                                    action::to_string(first->effect),
                                    action::to_string(running.effect))}};
        }
        first = &running;
    }
    return {};
}

Violations gates_not_recorded(const Truth& truth) {
    Violations found;
    const auto expect_recorded = [&](const Gate& gate) {
        if (std::ranges::find(truth.recorded, gate) == truth.recorded.end()) {
            found.push_back({5, gate.to_string() + " is closed and not in the gate record"});
        }
    };
    for (const PortTruth& port : truth.ports) {
        if (port.fenced) {
            expect_recorded({.kind = GateKind::Fence, .port = port.port});
        }
        if (port.masked) {
            expect_recorded({.kind = GateKind::HotplugMask, .port = port.port});
        }
        for (const pci::Service service :
             {pci::Service::Aer, pci::Service::Dpc, pci::Service::Pciehp}) {
            if (port.services.contains(service) && !port.bound.contains(service)) {
                expect_recorded({GateKind::Service, port.port, service});
            }
        }
    }
    return found;
}

Violations lost_hotplugs(const Truth& truth, const Coordinator& slotd) {
    Violations found;
    for (const auto& [port, slot] : slotd.slots()) {
        const PortTruth* const real = truth.find(port);
        if (real != nullptr && std::holds_alternative<coordinator::Idle>(slot.phase) &&
            real->card != real->enumerated) {
            found.push_back({6, fmt::format("{} is idle with card {} enumerated and {} in the slot",
                                            port.to_string(), real->enumerated, real->card)});
        }
    }
    return found;
}

Violations restless(const Coordinator& slotd) {
    Violations found;
    for (const auto& [port, slot] : slotd.slots()) {
        if (!at_rest(slot)) {
            found.push_back({9, fmt::format("{} stays {}", port.to_string(),
                                            coordinator::name_of(slot.phase))});
        }
    }
    return found;
}

}  // namespace slotd::proof
