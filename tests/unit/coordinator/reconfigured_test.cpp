#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"
#include "tests/fakes/fake_machine.hpp"

namespace slotd::coordinator {
namespace {

using namespace std::chrono_literals;
using fakes::at;

const Instant kNow = Instant{} + 1000s;
const pci::Address kPort = at("0000:00:02.0");
const pci::Address kFunction = at("0000:01:00.0");

Operation operation(Purpose purpose) {
    Operation one;
    one.purpose = purpose;
    one.attempt = 1;
    one.rungs = {policy::Rung::SlotReset, policy::Rung::Reenumerate};
    one.reserved = true;
    if (purpose == Purpose::Manual) {
        one.request = event::ResetRequested{1, kPort, std::nullopt, event::ResetMethod::Auto, {}};
    }
    return one;
}

std::vector<SlotPhase> busy_phases(const Operation& own) {
    return {Resyncing{kNow + 5s},
            KernelRecovering{{kFunction}, {}, {}, false, kNow + 60s},
            KernelHotplugging{kNow + 1s, kNow + 60s},
            Waiting{own, kNow + 60s},
            Surveying{own, false},
            Reserving{own, kNow + 5s},
            Draining{own},
            Resetting{own},
            Replaying{own},
            Verifying{own, kNow + 5s, kNow + 1s, {}},
            Opening{own, Verdict{}, 0},
            Soaking{own, Verdict{}, kNow + 1s, {}},
            CoolingDown{kNow + 1s},
            Wedged{own, "power off slot"}};
}

/// In the middle of an incident, with all that a reload could lose.
Slot slot_in(SlotPhase phase) {
    Slot slot;
    slot.facts.port = kPort;
    slot.facts.root_port = kPort;
    slot.facts.policy.automatic_action = true;
    slot.facts.hotplug = true;
    slot.facts.hotplug_services = {{kPort, pci::Service::Pciehp, true}};
    slot.phase = std::move(phase);
    slot.closed.close({.kind = GateKind::Fence, .port = kPort});
    slot.incident = Incident{7, kNow - 1s, "fatal error"};
    slot.quarantine = std::string("no attempt is left");
    slot.unsettled = Unsettled{"an earlier attempt", true};
    slot.ill_incident = 6;
    slot.waiting = {event::ResetRequested{2, kPort, std::nullopt, event::ResetMethod::Flr, {}}};
    slot.script = {action::LowerFence{kPort}};
    slot.in_flight = InFlight{1, action::RaiseFence{kPort}, false, true};
    slot.attempts = 1;
    return slot;
}

policy::SlotPolicy policy_of(policy::Level level, bool automatic_action) {
    policy::SlotPolicy policy;
    policy.level = level;
    policy.automatic_action = automatic_action;
    policy.soak = 42s;
    return policy;
}

TEST(Reconfigured, ABusySlotLosesNothingAndKeepsItsLevelInEveryPhase) {
    for (const SlotPhase& phase : busy_phases(operation(Purpose::Manual))) {
        const Slot before = slot_in(phase);
        Slot expected = before;
        expected.facts.policy = policy_of(policy::Level::Fence, true);
        expected.next_level = policy::Level::Exclusive;

        const Step step =
            coordinator::step(before, Reconfigured{policy_of(policy::Level::Exclusive, true)}, kNow,
                              policy::Limits{});

        EXPECT_EQ(step.slot, expected) << name_of(phase);
        ASSERT_EQ(step.actions.size(), 1U) << name_of(phase);
        EXPECT_EQ(
            std::get<Tell>(step.actions.front()).record.text,
            std::string("level exclusive as soon as the slot is at rest, now ") + name_of(phase));
    }
}

TEST(Reconfigured, AutomaticActionOffLeavesAnOperatorsRequestAloneInEveryPhase) {
    for (const SlotPhase& phase : busy_phases(operation(Purpose::Manual))) {
        const Slot before = slot_in(phase);
        Slot expected = before;
        expected.facts.policy = policy_of(policy::Level::Fence, false);

        const Step step = coordinator::step(
            before, Reconfigured{policy_of(policy::Level::Fence, false)}, kNow, policy::Limits{});

        EXPECT_EQ(step, (Step{expected, {}})) << name_of(phase);
    }
}

TEST(Reconfigured, AutomaticActionOffEndsOnlyWhatHasNotBegunInEveryPhase) {
    for (const SlotPhase& phase : busy_phases(operation(Purpose::Recover))) {
        const bool untouched =
            std::holds_alternative<Waiting>(phase) || std::holds_alternative<Surveying>(phase);

        const Step step =
            coordinator::step(slot_in(phase), Reconfigured{policy_of(policy::Level::Fence, false)},
                              kNow, policy::Limits{});

        EXPECT_EQ(step.slot.phase.index() != phase.index(), untouched) << name_of(phase);
        EXPECT_EQ(step.slot.quarantine, slot_in(phase).quarantine) << name_of(phase);
        EXPECT_EQ(step.slot.waiting.size(), 1U) << name_of(phase);
    }
}

TEST(Reconfigured, ASlotWherePciehpIsHeldBackIsLookedAtBeforeItsLevelChanges) {
    Slot idle = slot_in(Idle{});
    idle.facts.policy.level = policy::Level::Exclusive;
    idle.closed.close({GateKind::Service, kPort, pci::Service::Pciehp});
    idle.in_flight.reset();
    idle.script.clear();

    const Step step = coordinator::step(idle, Reconfigured{policy_of(policy::Level::Fence, true)},
                                        kNow, policy::Limits{});

    EXPECT_EQ(step.slot.phase, SlotPhase(Idle{kNow, {}}));
    EXPECT_EQ(step.slot.facts.policy.level, policy::Level::Exclusive);
    EXPECT_EQ(step.slot.next_level, policy::Level::Fence);
}

TEST(Reconfigured, ALookThatFailsDoesNotHoldTheLevelUp) {
    Slot idle = slot_in(Idle{});
    idle.script.clear();
    idle.closed.clear();
    idle.closed.close({GateKind::Service, kPort, pci::Service::Pciehp});
    idle.waiting.clear();
    idle.in_flight = InFlight{1, action::ObserveSlot{kPort}, false, false};
    idle.next_level = policy::Level::Observe;

    const Step step = finish_effect(idle, 1, {event::OutcomeKind::Failed, 5, "look", std::nullopt},
                                    kNow, policy::Limits{});

    EXPECT_EQ(step.slot.facts.policy.level, policy::Level::Observe);
    EXPECT_EQ(step.slot.next_level, std::nullopt);
}

TEST(Reconfigured, BackToTheOldLevelBeforeItCameIsNoChange) {
    Slot slot = slot_in(Resetting{operation(Purpose::Manual)});
    slot.next_level = policy::Level::Exclusive;

    const Step step = coordinator::step(slot, Reconfigured{policy_of(policy::Level::Fence, true)},
                                        kNow, policy::Limits{});

    EXPECT_EQ(step.slot.next_level, policy::Level::Fence);
    EXPECT_EQ(step.actions, std::vector<Action>{});
}

}  // namespace
}  // namespace slotd::coordinator
