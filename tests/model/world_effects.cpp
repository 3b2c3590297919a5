#include <algorithm>
#include <cstddef>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "base/overloaded.hpp"
#include "coordinator/gate.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "tests/model/world.hpp"

namespace slotd::model {

using coordinator::Gate;
using coordinator::GateKind;
using event::Outcome;
using event::OutcomeKind;

namespace {

Outcome ended(OutcomeKind kind) {
    return Outcome{kind, 0, {}, std::nullopt};
}

}  // namespace

std::optional<std::size_t> World::port_of(const action::Effect& effect) const {
    const pci::Address subject = action::subject(effect);
    const bool about_function = std::holds_alternative<action::ResetFunction>(effect) ||
                                std::holds_alternative<action::RemoveFunction>(effect);
    for (std::size_t index = 0; index < ports.size(); ++index) {
        const bool named = about_function
                               ? function_of(index) == subject && ports[index].enumerated != kNoCard
                               : ports[index].address == subject;
        if (named && exists(index)) {
            return index;
        }
    }
    return std::nullopt;
}

void World::record(const Gate& gate) {
    if (std::ranges::find(recorded, gate) == recorded.end()) {
        recorded.push_back(gate);
    }
}

void World::unrecord(const Gate& gate) {
    std::erase(recorded, gate);
}

Outcome World::close(const Gate& gate, bool& closed) {
    if (closed) {
        return ended(OutcomeKind::AlreadySo);
    }
    record(gate);
    closed = true;
    return ended(OutcomeKind::Done);
}

Outcome World::unmask(std::size_t port, action::Latched latched) {
    Port& one = ports[port];
    unrecord({.kind = GateKind::HotplugMask, .port = one.address});
    if (!std::exchange(one.masked, false)) {
        return ended(OutcomeKind::AlreadySo);
    }
    const bool pending = std::exchange(one.latched, false);
    if (pending && latched == action::Latched::Deliver) {
        presence_changed(port, Pciehp::PutsAnew);
    }
    return ended(OutcomeKind::Done);
}

Outcome World::bind(std::size_t port, pci::Service service) {
    Port& one = ports[port];
    unrecord({GateKind::Service, one.address, service});
    if (one.bound.contains(service)) {
        return ended(OutcomeKind::AlreadySo);
    }
    one.bound.insert(service);
    tell_services(one.address);
    if (service == pci::Service::Pciehp) {
        // pciehp_check_presence: the probe plays the difference, and a swap is none.
        one.latched = false;
        if ((one.card == kNoCard) != (one.enumerated == kNoCard)) {
            presence_changed(port, Pciehp::Looks);
        }
    }
    return ended(OutcomeKind::Done);
}

Outcome World::unbind(std::size_t port, pci::Service service) {
    Port& one = ports[port];
    if (!one.services.contains(service)) {
        return ended(OutcomeKind::Refused);
    }
    if (!one.bound.contains(service)) {
        return ended(OutcomeKind::AlreadySo);
    }
    record({GateKind::Service, one.address, service});
    one.bound.erase(service);
    tell_services(one.address);
    return ended(OutcomeKind::Done);
}

Outcome World::set_power(std::size_t port, bool on) {
    Port& one = ports[port];
    if (!one.bound.contains(pci::Service::Pciehp)) {
        return ended(OutcomeKind::Refused);
    }
    if (on == (one.enumerated != kNoCard)) {
        one.powered = on || one.powered;
        return ended(OutcomeKind::AlreadySo);
    }
    if (!on) {
        remove_enumerated(port);
        one.powered = false;
        return ended(OutcomeKind::Done);
    }
    one.powered = true;
    if (one.card == kNoCard || !one.link_up) {
        return ended(OutcomeKind::Failed);
    }
    enumerate(port);
    return ended(OutcomeKind::Done);
}

Outcome World::reset(std::size_t port) {
    Port& one = ports[port];
    if (one.card == kNoCard || !one.link_up) {
        return ended(OutcomeKind::Failed);
    }
    one.answers = true;
    if (one.masked) {
        one.latched = true;  // the link was down for a moment; unmasked, pciehp_reset_slot hides it
    }
    return ended(OutcomeKind::Done);
}

bool World::may_perform(const Job& job) const {
    const auto port = port_of(job.effect);
    if (!port) {
        return true;  // ends at once: gone
    }
    const bool hotplug_busy = ports[*port].pciehp != Pciehp::Quiet;
    return std::visit(
        Overloaded{
            // A drain returns when the running handler has finished.
            [&](const action::UnbindService& one) {
                return one.service == pci::Service::Pciehp ? !hotplug_busy : !recovering;
            },
            // pciehp takes one command at a time.
            [&](const action::SetSlotPower&) { return !hotplug_busy; },
            [](const OneOf<action::RaiseFence, action::LowerFence, action::MaskHotplug,
                           action::UnmaskHotplug, action::BindService, action::ResetFunction,
                           action::RemoveFunction, action::RescanBelow, action::ObserveSlot,
                           action::SurveyUse, action::AskHooks, action::NoteVfs, action::RestoreVfs,
                           action::ResetByVfio, action::ResetByLentFds> auto&) { return true; },
        },
        job.effect);
}

Outcome World::perform(const action::Effect& effect) {
    const auto port = port_of(effect);
    if (!port) {
        if (const auto gate = coordinator::opened_by(effect)) {
            unrecord(*gate);
        }
        return ended(OutcomeKind::Gone);
    }
    Port& one = ports[*port];
    const Gate vfs{.kind = GateKind::Vfs, .port = one.address};
    return std::visit(
        Overloaded{
            [&](const action::RaiseFence&) {
                return close({.kind = GateKind::Fence, .port = one.address}, one.fenced);
            },
            [&](const action::LowerFence&) {
                unrecord({.kind = GateKind::Fence, .port = one.address});
                return ended(std::exchange(one.fenced, false) ? OutcomeKind::Done
                                                              : OutcomeKind::AlreadySo);
            },
            [&](const action::MaskHotplug&) {
                return close({.kind = GateKind::HotplugMask, .port = one.address}, one.masked);
            },
            [&](const action::UnmaskHotplug& wanted) { return unmask(*port, wanted.latched); },
            [&](const action::UnbindService& wanted) { return unbind(*port, wanted.service); },
            [&](const action::BindService& wanted) { return bind(*port, wanted.service); },
            [&](const OneOf<action::ResetFunction, action::ResetByVfio,
                            action::ResetByLentFds> auto&) { return reset(*port); },
            [&](const action::SetSlotPower& wanted) { return set_power(*port, wanted.on); },
            [&](const action::RemoveFunction&) {
                remove_enumerated(*port);
                return ended(OutcomeKind::Done);
            },
            [&](const action::RescanBelow&) {
                if (one.enumerated == kNoCard && one.card != kNoCard && one.link_up) {
                    enumerate(*port);
                }
                return ended(OutcomeKind::Done);
            },
            [&](const action::NoteVfs&) {
                bool noted = std::ranges::find(recorded, vfs) != recorded.end();
                return close(vfs, noted);
            },
            [&](const action::RestoreVfs&) {
                unrecord(vfs);
                return ended(OutcomeKind::Done);
            },
            [](const action::AskHooks&) { return ended(OutcomeKind::Done); },
            [&](const action::SurveyUse&) {
                Outcome outcome = ended(OutcomeKind::Done);
                outcome.usage = event::Usage{};  // nobody uses anything
                return outcome;
            },
            [&](const action::ObserveSlot&) {
                Outcome outcome = ended(OutcomeKind::Done);
                outcome.observation = observe(*port);
                return outcome;
            },
        },
        effect);
}

void World::link_flaps(const action::Effect& effect) {
    if (const auto port = port_of(effect)) {
        presence_changed(*port, Pciehp::PutsAnew);
    }
}

void World::open_recorded_gates() {
    const auto closed = std::exchange(recorded, {});
    for (const Gate& gate : closed | std::views::reverse) {
        const auto port = find(gate.port);
        if (!port || !exists(*port)) {
            continue;  // gone, and its gates with it
        }
        switch (gate.kind) {
            case GateKind::Fence:
                ports[*port].fenced = false;
                break;
            case GateKind::HotplugMask:
                (void)unmask(*port, action::Latched::Deliver);
                break;
            case GateKind::Service:
                (void)bind(*port, gate.service);
                break;
            case GateKind::Vfs:
                break;  // there are none
        }
    }
}

}  // namespace slotd::model
