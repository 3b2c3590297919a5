#include "replay/world.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/usage.hpp"
#include "evidence/evidence.hpp"
#include "pci/topology.hpp"
#include "replay/script.hpp"

namespace slotd::replay {

using namespace std::chrono_literals;

namespace {

/// The same effect is the same one where it began about then: slotd looks again and again.
constexpr Duration kEarlier = 100ms;
constexpr Duration kLater = 5s;

/// What nobody has measured.
Duration usual_time(const action::Effect& effect) {
    return is_step(effect) ? Duration{300ms} : action::reads_only(effect) ? Duration{5ms} : 10ms;
}

pci::Address slot_of(const action::Effect& effect, const pci::Topology& topology) {
    const pci::Address place = action::subject(effect);
    const pci::Port* const above = topology.port_above(place);
    return topology.find(place) != nullptr || above == nullptr ? place : above->address;
}

bool looks_well(const event::Observation& seen) {
    return seen.reachable() && !seen.functions.empty() &&
           std::ranges::all_of(seen.functions, [](const event::FunctionSeen& one) {
               return one.identity.answers() && one.memory_decodes && one.bars_intact;
           });
}

/// What the kernel says of a card that goes and comes.
std::vector<Input> usual_echo(const action::Effect& effect, const pci::Address& port, Instant at,
                              const pci::Topology& topology) {
    const auto* const power = std::get_if<action::SetSlotPower>(&effect);
    const bool goes =
        (power != nullptr && !power->on) || std::holds_alternative<action::RemoveFunction>(effect);
    const bool comes =
        (power != nullptr && power->on) || std::holds_alternative<action::RescanBelow>(effect);
    const pci::Port* const known = topology.find(port);
    std::vector<Input> echo;
    if (known == nullptr || !(goes || comes)) {
        return echo;
    }
    for (const pci::Function& function : known->functions) {
        echo.push_back({at, event::KernelEvent(event::HotplugSeen{
                                function.address,
                                goes ? event::HotplugKind::Removed : event::HotplugKind::Added})});
    }
    return echo;
}

event::Observation as_enumerated(const pci::Address& port, const pci::Topology& topology) {
    event::Observation seen;
    seen.port = port;
    seen.port_answers = true;
    const pci::Port* const known = topology.find(port);
    if (known == nullptr) {
        return seen;
    }
    seen.bound = known->bound;
    seen.card_present = !known->functions.empty();
    seen.link_active = seen.card_present;
    for (const pci::Function& function : known->functions) {
        event::FunctionSeen one;
        one.address = function.address;
        one.identity = function.identity;
        one.driver = function.driver;
        one.memory_decodes = true;
        one.is_virtual = function.is_virtual;
        seen.functions.push_back(std::move(one));
    }
    return seen;
}

}  // namespace

World::World(std::vector<DoneEffect> effects) : effects_(std::move(effects)) {}

DoneEffect* World::same(const action::Effect& effect, Instant now) {
    const auto at = std::ranges::find_if(effects_, [&](const DoneEffect& one) {
        return !one.used && one.began >= now - kEarlier && one.began <= now + kLater &&
               one.ended.effect == effect;
    });
    return at == effects_.end() ? nullptr : &*at;
}

World::End World::end_of(const action::Effect& effect, Instant now, const pci::Topology& topology) {
    const pci::Address slot = slot_of(effect, topology);
    const bool looks = std::holds_alternative<action::ObserveSlot>(effect);
    End end;
    DoneEffect* const then = looks && own_course_.contains(slot) ? nullptr : same(effect, now);
    if (then != nullptr) {
        then->used = true;
        end.outcome = then->ended.outcome;
        end.took = then->ended.took;
        for (Input input : then->after) {
            input.at = now + (input.at - then->began);
            end.after.push_back(std::move(input));
        }
    } else {
        end.took = usual_time(effect);
        if (is_step(effect)) {
            own_course_[slot] = now;
            end.assumed = action::to_string(effect) + " works, and the card is well after it";
            end.after = usual_echo(effect, slot, now + end.took, topology);
        } else if (std::holds_alternative<action::AskHooks>(effect)) {
            end.assumed = "no hook has anything against it";
        }
    }
    if (end.outcome.succeeded()) {
        move_gates(effect);
        if (looks && !end.outcome.observation) {
            end.outcome.observation = view(slot, now, topology);
        }
        if (std::holds_alternative<action::SurveyUse>(effect) && !end.outcome.usage) {
            end.outcome.usage.emplace().port = slot;
            end.assumed = "nobody uses the card";
        }
    }
    return end;
}

event::Observation World::view(const pci::Address& port, Instant now,
                               const pci::Topology& topology) {
    const bool own_course = own_course_.contains(port);
    const event::Observation* last = nullptr;
    const event::Observation* next = nullptr;
    for (const DoneEffect& one : effects_) {
        const auto& seen = one.ended.outcome.observation;
        if (!seen || seen->port != port || (own_course && !looks_well(*seen))) {
            continue;
        }
        if (one.began <= now) {
            last = &*seen;
        } else if (next == nullptr) {
            next = &*seen;
        }
    }
    event::Observation seen = last != nullptr   ? *last
                              : next != nullptr ? *next
                                                : as_enumerated(port, topology);
    const Gates& gates = gates_[port];
    seen.fenced = gates.fenced;
    seen.hotplug_masked = gates.masked;
    for (const auto& [service, bound] : gates.bound) {
        if (bound) {
            seen.bound.insert(service);
        } else {
            seen.bound.erase(service);
        }
    }
    return seen;
}

void World::move_gates(const action::Effect& effect) {
    std::visit(
        Overloaded{
            [&](const action::RaiseFence& one) { gates_[one.port].fenced = true; },
            [&](const action::LowerFence& one) { gates_[one.port].fenced = false; },
            [&](const action::MaskHotplug& one) { gates_[one.port].masked = true; },
            [&](const action::UnmaskHotplug& one) { gates_[one.port].masked = false; },
            [&](const action::UnbindService& one) { gates_[one.port].bound[one.service] = false; },
            [&](const action::BindService& one) { gates_[one.port].bound[one.service] = true; },
            [](const OneOf<action::ResetFunction, action::SetSlotPower, action::RemoveFunction,
                           action::RescanBelow, action::ObserveSlot, action::SurveyUse,
                           action::AskHooks, action::NoteVfs, action::RestoreVfs,
                           action::ResetByVfio, action::ResetByLentFds> auto&) {},
        },
        effect);
}

}  // namespace slotd::replay
