#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "policy/level.hpp"
#include "tests/proof/invariants.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/simulation.hpp"

// When the faults are over: does everything come to rest, and where?

namespace slotd::sim {

using namespace std::chrono_literals;

namespace {

/// What rests this long rests: longer than any retry or sample of a slot at rest.
constexpr Duration kRestProven = 12s;
constexpr Duration kRestLookedFor = 100ms;
constexpr Duration kLookAtMost = 1s;
constexpr int kOnceMore = 3;

}  // namespace

void Simulation::calm_down() {
    trace_.line(schedule_.now(), {}, "* no more faults");
    executor_.disarm();
    for (auto& [address, port] : machine_.ports) {
        port.all_ones_until = {};
    }
}

bool Simulation::slot_rests(const coordinator::Slot& slot) const {
    const bool changing = slot.in_flight && !action::reads_only(slot.in_flight->effect);
    const bool cools = std::holds_alternative<coordinator::CoolingDown>(slot.phase);
    if (std::holds_alternative<coordinator::Wedged>(slot.phase)) {
        // The kernel has nothing before it any more, so this call will never return.
        return slot.in_flight && executor_.asked().contains(slot.in_flight->id);
    }
    const bool soaks = std::holds_alternative<coordinator::Soaking>(slot.phase);
    const bool held = std::holds_alternative<coordinator::Held>(slot.phase);  // every hold ends
    return proof::at_rest(slot) && !held && !soaks && !cools && !changing && slot.waiting.empty();
}

bool Simulation::nothing_under_way() const {
    const bool waits = std::ranges::any_of(executor_.asked(), [&](const auto& asked) {
        return !asked.second.given_up && schedule_.now() - asked.second.since > kLookAtMost;
    });
    const bool quiet =
        engine_ && !waits && !kernel_.busy() && uevents_.empty() && trace_pipe_.empty();
    return quiet && std::ranges::all_of(engine_->coordinator().slots(),
                                        [&](const auto& slot) { return slot_rests(slot.second); });
}

void Simulation::come_to_rest(const char* after) {
    if (broken()) {
        return;
    }
    const Instant latest = schedule_.now() + kRestWithin;
    Instant resting_since = kNever;
    while (!broken() && schedule_.now() < latest) {
        run_until(schedule_.now() + kRestLookedFor);
        if (!nothing_under_way()) {
            resting_since = kNever;
        } else {
            resting_since = std::min(resting_since, schedule_.now());
            if (schedule_.now() - resting_since >= kRestProven) {
                break;
            }
        }
    }
    if (broken()) {
        return;
    }
    trace_.line(schedule_.now(), {}, std::string("* at rest, or not, ") + after);
    judge_rest();
}

bool Simulation::excused(const pci::Address& address) const {
    // Where a call never returns the kernel itself cannot go on, and slotd leaves the gates around
    // it as they are until it returns or slotd ends.
    const SimPort& port = machine_.ports.at(address);
    const bool wedged =
        engine_ && std::ranges::any_of(engine_->coordinator().slots(), [&](const auto& slot) {
            return slot.second.facts.root_port == port.root_port &&
                   std::holds_alternative<coordinator::Wedged>(slot.second.phase);
        });
    return wedged || kernel_.enumeration_stuck() ||
           std::ranges::any_of(machine_.ports, [&](const auto& other) {
               return other.second.root_port == port.root_port && kernel_.stuck(other.first);
           });
}

void Simulation::judge_gates(const SimPort& port) {
    if (port.fenced || port.masked) {
        object(5, fmt::format("{} of {} is still closed", port.fenced ? "fence" : "notification",
                              port.address.to_string()));
    }
    for (const pci::Service service :
         {pci::Service::Aer, pci::Service::Dpc, pci::Service::Pciehp}) {
        const bool token = configured().level == policy::Level::Exclusive;
        const bool wanted = service != pci::Service::Pciehp || !token;
        if (port.services.contains(service) && port.bound.contains(service) != wanted) {
            object(wanted ? 5 : 3,
                   fmt::format("{} of {} is {}bound at rest", pci::driver_name(service),
                               port.address.to_string(), wanted ? "not " : ""));
        }
    }
}

void Simulation::judge_rest() {
    const coordinator::Coordinator& slotd = engine_->coordinator();
    for (const auto& [address, slot] : slotd.slots()) {
        if (!slot_rests(slot) && !excused(address)) {
            object(9, fmt::format("{} stays {} ({})", address.to_string(),
                                  coordinator::name_of(slot.phase),
                                  coordinator::reason_of(slot.phase)));
        }
    }
    for (const event::RequestId request : unanswered_) {
        object(9, fmt::format("request {} has no answer", request));
    }
    if (slotd.topology() != machine_.topology()) {
        object(9, "slotd has not seen how the machine is now");
    }
    add(witness_.seen(truth(), slotd));
    for (const auto& [address, port] : machine_.ports) {
        const auto slot = slotd.slots().find(address);
        if (slot == slotd.slots().end() || excused(address)) {
            continue;
        }
        if (slot->second.facts.policy != configured()) {
            object(9, fmt::format("{} rests with another configuration than slotd was given",
                                  address.to_string()));
        }
        judge_gates(port);
        const bool idle = std::holds_alternative<coordinator::Idle>(slot->second.phase);
        const bool silent = port.card && !machine_.card_answers(port);
        if (port.hotplug() && !silent && idle && !machine_.enumeration_fits(port)) {
            object(6, fmt::format("{} rests {} with {} enumerated and {} in the slot",
                                  address.to_string(), coordinator::name_of(slot->second.phase),
                                  port.enumerated ? port.enumerated->card : 0,
                                  port.card ? port.card->uid : 0));
        }
    }
}

void Simulation::try_hotplug_once_more() {
    if (broken()) {
        return;
    }
    for (int times = 0; times < kOnceMore && !broken(); ++times) {
        const auto nth = random_.below(machine_.ports.size());
        SimPort& port = std::next(machine_.ports.begin(), static_cast<long>(nth))->second;
        if (!port.hotplug() || !machine_.answers(port)) {
            continue;
        }
        trace_.line(schedule_.now(), port.address, "* hot-plug once more");
        if (port.card && random_.chance(500)) {
            kernel_.card_out(port);
        } else if (port.card) {
            change_card(port, random_);
        } else {
            kernel_.card_in(port, cards_.card());
        }
        run_until(schedule_.now() + random_.between(0ms, 3s));
    }
}

void Simulation::stop_slotd() {
    if (broken()) {
        return;
    }
    kill_slotd();
    run_until(schedule_.now() + 5min);
    for (const auto& [address, port] : machine_.ports) {
        const bool closed = port.fenced || port.masked || port.bound != port.services;
        if (machine_.exists(port) && closed && !excused(address)) {
            object(5, "slotd has ended and " + address.to_string() + " still has a gate closed");
        }
    }
}

}  // namespace slotd::sim
