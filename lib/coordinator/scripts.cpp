#include "coordinator/scripts.hpp"

#include <algorithm>
#include <ranges>
#include <string>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "coordinator/card.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"

namespace slotd::coordinator {

namespace {

using policy::Level;

bool masked(const Slot& slot) {
    return slot.closed.contains({.kind = GateKind::HotplugMask, .port = slot.facts.port});
}

bool fenced(const Slot& slot) {
    return slot.closed.contains({.kind = GateKind::Fence, .port = slot.facts.port});
}

/// pciehp acts in these itself: its interrupt must be heard, and its answer must not be a surprise.
bool pciehp_acts(const Operation& operation) {
    return operation.purpose == Purpose::Replay || operation.purpose == Purpose::TakeToken ||
           operation.rungs.front() == policy::Rung::Reenumerate;
}

/// What is enumerated counts as well as what was last seen: virtual functions come and go between
/// two looks, by an administrator's hand or by our own after a step.
bool has_vfs(const Slot& slot) {
    return std::ranges::any_of(slot.facts.functions, &pci::Function::is_virtual) ||
           std::ranges::any_of(slot.known.functions,
                               [](const auto& function) { return function.vfs > 0; });
}

bool closes_errors(const Gate& gate) {
    return gate.kind == GateKind::Service && gate.service != pci::Service::Pciehp;
}

bool climbs_ladder(const Operation& operation) {
    return operation.purpose == Purpose::Recover || operation.purpose == Purpose::Manual;
}

/// Level exclusive holds pciehp back at rest; in an operator's hands nothing is held back.
bool holds_token(const Slot& slot) {
    return slot.facts.policy.level == Level::Exclusive && !slot.hold;
}

/// An FLR of each physical function, or of the one that was named.
void reset_functions(const Slot& slot, const Operation& operation,
                     std::vector<action::Effect>& script) {
    if (operation.request && operation.request->function) {
        script.push_back(
            action::ResetFunction{*operation.request->function, action::KernelReset::Flr});
        return;
    }
    for (const pci::Function& function : slot.facts.functions) {
        if (!function.is_virtual && !function.is_bridge) {
            script.push_back(action::ResetFunction{function.address, action::KernelReset::Flr});
        }
    }
}

/// By the token, or by the operation of a slot above this one.
bool pciehp_held_back(const Slot& slot) {
    return holds_token(slot) || slot.closed.contains_service(slot.facts.port, pci::Service::Pciehp);
}

void reenumerate(const Slot& slot, std::vector<action::Effect>& script) {
    const pci::Address port = slot.facts.port;
    if (slot.facts.hotplug) {
        if (pciehp_held_back(slot)) {
            script.push_back(action::BindService{port, pci::Service::Pciehp});
        }
        script.push_back(action::SetSlotPower{port, false});
        script.push_back(action::SetSlotPower{port, true});
        return;
    }
    // Highest address first, as the kernel removes; VFs go with their PF.
    for (const pci::Function& function : slot.facts.functions | std::views::reverse) {
        if (!function.is_virtual) {
            script.push_back(action::RemoveFunction{function.address});
        }
    }
    script.push_back(action::RescanBelow{port});
}

}  // namespace

std::vector<action::Effect> closing_script(const Slot& slot, const Operation& operation) {
    const pci::Address port = slot.facts.port;
    std::vector<action::Effect> script;
    if (has_vfs(slot) && climbs_ladder(operation)) {
        script.push_back(action::NoteVfs{port});
    }
    if (slot.facts.policy.level == Level::Fence) {
        script.push_back(action::RaiseFence{port});
        if (pciehp_acts(operation)) {
            if (masked(slot)) {
                script.push_back(action::UnmaskHotplug{port, action::Latched::Forget});
            }
        } else if (slot.facts.hotplug) {
            script.push_back(action::MaskHotplug{port});
        }
    }
    if (slot.facts.policy.level == Level::Exclusive) {
        // Not asked whether it is bound: what was scanned may be older than our own last binding,
        // and there is no harm in unbinding what is not bound.
        for (const ServiceAt& service : slot.facts.error_services) {
            script.push_back(action::UnbindService{service.port, service.service});
        }
    }
    script.push_back(action::ObserveSlot{port});
    return script;
}

std::vector<action::Effect> rung_script(const Slot& slot, const Operation& operation) {
    std::vector<action::Effect> script;
    const pci::Address target =
        operation.request && operation.request->function ? *operation.request->function
        : slot.facts.functions.empty()                   ? slot.facts.port
                                                         : slot.facts.functions.front().address;
    switch (operation.rungs.front()) {
        case policy::Rung::FunctionReset:
            reset_functions(slot, operation, script);
            break;
        case policy::Rung::VfioReset:
            if (operation.request && operation.request->lent) {
                script.push_back(
                    action::ResetByLentFds{slot.facts.port, operation.request->request});
            } else {
                script.push_back(action::ResetByVfio{slot.facts.port});
            }
            break;
        case policy::Rung::SlotReset:
        case policy::Rung::BusReset:
            script.push_back(action::ResetFunction{target, action::KernelReset::Bus});
            break;
        case policy::Rung::Reenumerate:
        case policy::Rung::Quarantine:  // never carried out: set_aside() comes first
            reenumerate(slot, script);
            break;
    }
    return script;
}

std::vector<action::Effect> replay_script(const Slot& slot, CardChange change) {
    const pci::Address port = slot.facts.port;
    std::vector<action::Effect> script;
    const bool occupied_as_before = change == CardChange::Swapped || change == CardChange::PutAnew;
    if (occupied_as_before || !slot.facts.hotplug) {
        // A replaced card is not noticed by pciehp's probe: it reads the serial number of the new
        // one.
        reenumerate(slot, script);
    } else if (pciehp_held_back(slot)) {
        // The probe compares presence with what is enumerated and plays the difference
        // (pciehp_check_presence): gone and came need no more.
        script.push_back(action::BindService{port, pci::Service::Pciehp});
    } else if (change == CardChange::Gone) {
        script.push_back(action::UnbindService{port, pci::Service::Pciehp});
        script.push_back(action::BindService{port, pci::Service::Pciehp});
    } else {
        script.push_back(action::SetSlotPower{port, true});
    }
    return script;
}

std::vector<action::Effect> opening_script(const Slot& slot, action::Latched latched) {
    const pci::Address port = slot.facts.port;
    std::vector<action::Effect> script;
    if (slot.closed.contains({.kind = GateKind::Vfs, .port = port})) {
        script.push_back(action::RestoreVfs{port});
    }
    if (masked(slot)) {
        script.push_back(action::UnmaskHotplug{port, latched});
    }
    if (holds_token(slot)) {
        // The token: pciehp has drained before aer and dpc come back.
        for (const ServiceAt& service : slot.facts.hotplug_services) {
            if (service.bound) {
                script.push_back(action::UnbindService{service.port, service.service});
            }
        }
    }
    if (holds_token(slot) && std::ranges::any_of(slot.closed.gates(), closes_errors)) {
        // A slot of the domain that has not come to take its token yet.
        for (const ServiceAt& other : slot.facts.others_hotplug) {
            if (other.bound) {
                script.push_back(action::UnbindService{other.port, other.service});
            }
        }
    }
    for (const Gate& gate : slot.closed.gates()) {
        const bool rests_closed = holds_token(slot) && gate.service == pci::Service::Pciehp;
        if (gate.kind == GateKind::Service && !rests_closed) {
            script.push_back(action::BindService{gate.port, gate.service});
        }
    }
    if (fenced(slot)) {
        script.push_back(action::LowerFence{port});
    }
    script.push_back(action::ObserveSlot{port});
    return script;
}

std::vector<action::Effect> recovery_hold_script(const Slot& slot) {
    if (slot.facts.policy.level != Level::Fence || !slot.facts.hotplug || slot.hold) {
        return {};
    }
    return {action::MaskHotplug{slot.facts.port}};
}

std::vector<action::Effect> hotplug_hold_script(const Slot& slot) {
    std::vector<action::Effect> script = hearing_script(slot);
    if (slot.facts.policy.level == Level::Fence && !slot.hold) {
        script.emplace_back(action::RaiseFence{slot.facts.port});
    }
    return script;
}

std::vector<action::Effect> hearing_script(const Slot& slot) {
    // What was latched is what pciehp is at work on.
    return masked(slot) ? std::vector<action::Effect>{action::UnmaskHotplug{
                              slot.facts.port, action::Latched::Forget}}
                        : std::vector<action::Effect>{};
}

bool token_missing(const Slot& slot) {
    return holds_token(slot) && std::ranges::any_of(slot.facts.hotplug_services, &ServiceAt::bound);
}

bool shares_gates(const Slot& slot) {
    return slot.facts.policy.level == Level::Exclusive &&
           std::ranges::any_of(slot.closed.gates(), closes_errors);
}

policy::LadderQuestion ladder_question(const Slot& slot) {
    const auto vfs = static_cast<std::size_t>(
        std::ranges::count_if(slot.facts.functions, &pci::Function::is_virtual));
    policy::LadderQuestion question;
    question.hotplug_slot = slot.facts.hotplug;
    question.functions = slot.facts.functions.size() - vfs;
    question.vfs = vfs;
    question.has_bridge = std::ranges::any_of(slot.facts.functions, &pci::Function::is_bridge);
    question.answers = true;
    return question;
}

policy::Ladder ladder_of(const Slot& slot, const event::ResetRequested& request) {
    policy::LadderQuestion question = ladder_question(slot);
    question.frozen = frozen_at_rest(slot.phase);
    question.lent = request.lent;
    return policy::requested_ladder(question, request.method);
}

std::optional<Operation> requested_operation(const Slot& slot,
                                             const event::ResetRequested& request) {
    Operation operation;
    operation.purpose = Purpose::Manual;
    operation.rungs = ladder_of(slot, request).rungs;
    operation.request = request;
    operation.frozen = frozen_at_rest(slot.phase);
    operation.ill = std::holds_alternative<NeedsOperator>(slot.phase) ||
                    std::holds_alternative<Quarantined>(slot.phase);
    return operation.rungs.empty() ? std::nullopt : std::optional(std::move(operation));
}

std::vector<std::string> describe(const Slot& slot, const event::ResetRequested& request) {
    const policy::Ladder ladder = ladder_of(slot, request);
    std::vector<std::string> lines;
    for (const policy::SkippedRung& skipped : ladder.skipped) {
        lines.push_back(std::string("not ") + to_text(skipped.rung) + ": " + skipped.reason);
    }
    Operation operation;
    operation.purpose = Purpose::Manual;
    operation.request = request;
    for (const policy::Rung rung : ladder.rungs) {
        operation.rungs = {rung};
        lines.push_back(std::string(lines.empty() ? "" : "then ") + to_text(rung) + ":");
        for (const action::Effect& effect : closing_script(slot, operation)) {
            lines.push_back("  " + action::to_string(effect));
        }
        for (const action::Effect& effect : rung_script(slot, operation)) {
            lines.push_back("  " + action::to_string(effect));
        }
        lines.push_back("  verify, then open the gates again");
    }
    return lines;
}

}  // namespace slotd::coordinator
