#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "coordinator/slot.hpp"
#include "engine/ports.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using event::RecoveryReport;
using fakes::at;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;
using policy::Level;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kPort = "0000:00:02.0";
const pci::Address kCard = at("0000:01:00.0");

policy::Policy everywhere(Level level, bool automatic_action) {
    policy::Policy policy;
    policy.defaults.level = level;
    policy.defaults.automatic_action = automatic_action;
    policy.defaults.soak = {};
    return policy;
}

void reload(RunningEngine& world, const policy::Policy& policy, policy::Limits limits = {}) {
    world.engine.reconfigure(policy, limits, world.now);
}

const coordinator::Slot& slot(const RunningEngine& world) {
    return world.engine.coordinator().slots().at(at(kPort));
}

void fail(RunningEngine& world) {
    world.say(event::RecoveryReported{kCard, RecoveryReport::Failed});
}

/// The last of the kernel's reports is in: slotd decides, and starts its first effect.
void begin_to_act(RunningEngine& world) {
    world.now += 100ms;
    world.engine.time_passed(world.now);
}

TEST(Reload, ToLevelExclusiveTakesTheTokenAtRest) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);

    reload(world, everywhere(Level::Exclusive, false));
    world.pass(1s);

    EXPECT_EQ(world.gates(kPort), (std::vector<std::string>{"pciehp of 0000:00:02.0"}));
    EXPECT_EQ(world.phase(kPort), "idle");
    EXPECT_TRUE(
        world.machine.told(action::RecordKind::Configuration, "level exclusive now, was fence"));
}

TEST(Reload, FromLevelExclusiveGivesPciehpBackAfterALook) {
    RunningEngine world(machine_with_one_slot(), Level::Exclusive, false);
    world.pass(2s);
    world.machine.performed.clear();

    reload(world, everywhere(Level::Fence, false));
    world.pass(1s);

    EXPECT_THAT(world.machine.performed, ElementsAre("bind pciehp of 0000:00:02.0"));
    EXPECT_EQ(world.gates(kPort), std::vector<std::string>{});
    EXPECT_EQ(world.phase(kPort), "idle");
}

// pciehp is deaf at level exclusive: what it did not hear of would be nobody's.
TEST(Reload, FromLevelExclusiveASwappedCardIsReplayedFirst) {
    RunningEngine world(machine_with_one_slot(), Level::Exclusive, false);
    world.pass(2s);
    world.machine.ports.at(at(kPort)).card = fakes::FakeCard{fakes::identity_of(0x10d3, 2)};

    reload(world, everywhere(Level::Fence, false));
    world.pass(5s);

    EXPECT_EQ(world.machine.ports.at(at(kPort)).enumerated, world.machine.ports.at(at(kPort)).card);
    EXPECT_EQ(slot(world).facts.policy.level, Level::Fence);
    EXPECT_EQ(world.gates(kPort), std::vector<std::string>{});
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(Reload, AnOperationUnderWayEndsAtTheLevelThatItBeganWith) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    fail(world);
    begin_to_act(world);
    while (world.phase(kPort) != "resetting") {
        world.finish_effects(1);
    }

    reload(world, everywhere(Level::Exclusive, true));
    EXPECT_EQ(slot(world).facts.policy.level, Level::Fence);
    EXPECT_EQ(slot(world).next_level, Level::Exclusive);
    world.machine.performed.clear();
    world.pass(5s);

    EXPECT_THAT(world.machine.performed,
                ElementsAre("power off slot of 0000:00:02.0", "power on slot of 0000:00:02.0",
                            "lower fence of 0000:00:02.0", "unbind pciehp of 0000:00:02.0"));
    EXPECT_EQ(slot(world).facts.policy.level, Level::Exclusive);
    EXPECT_EQ(slot(world).next_level, std::nullopt);
    EXPECT_TRUE(world.machine.told(action::RecordKind::IncidentClosed, "recovered and verified"));
}

TEST(Reload, OfTheSameConfigurationChangesAndSaysNothing) {
    RunningEngine world(machine_with_one_slot(), Level::Exclusive, true);
    world.pass(2s);
    const coordinator::Slot before = slot(world);
    world.machine.performed.clear();
    world.machine.records.clear();

    reload(world, everywhere(Level::Exclusive, true));

    EXPECT_EQ(slot(world), before);
    EXPECT_THAT(world.machine.performed, IsEmpty());
    EXPECT_EQ(world.machine.records, std::vector<action::Record>{});
}

TEST(Reload, SwitchingAutomaticActionOnLeavesOldWoundsToAnOperator) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    fail(world);
    world.pass(2s);
    ASSERT_EQ(world.phase(kPort), "needs-operator");
    world.machine.performed.clear();

    reload(world, everywhere(Level::Fence, true));
    world.pass(60s);

    EXPECT_THAT(world.machine.performed, IsEmpty());
    EXPECT_EQ(world.phase(kPort), "needs-operator");
    EXPECT_TRUE(world.machine.told(action::RecordKind::Configuration,
                                   "slotd acts of its own accord at 1 more from now on"));
    EXPECT_TRUE(world.machine.told(action::RecordKind::Configuration,
                                   "what was not well before stays as it is"));
}

TEST(Reload, SwitchingAutomaticActionOnCountsForAnIncidentWhoseEndIsNotKnownYet) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.say(event::RecoveryReported{kCard, RecoveryReport::Began});
    world.finish_effects();

    reload(world, everywhere(Level::Fence, true));
    fail(world);
    world.pass(5s);

    EXPECT_EQ(world.phase(kPort), "idle");
    EXPECT_TRUE(world.machine.told(action::RecordKind::IncidentClosed, "recovered and verified"));
}

TEST(Reload, SwitchingAutomaticActionOffStopsWhatHasTouchedNothing) {
    for (int effects = 0; effects < 3; ++effects) {
        RunningEngine world(machine_with_one_slot(), Level::Fence, true);
        world.pass(1s);
        fail(world);
        begin_to_act(world);
        world.finish_effects(effects);
        ASSERT_NE(world.phase(kPort), "resetting") << effects;

        reload(world, everywhere(Level::Fence, false));
        world.pass(5s);

        EXPECT_EQ(world.phase(kPort), "needs-operator") << effects;
        EXPECT_TRUE(world.machine.told(action::RecordKind::NoAction,
                                       "automatic_action is off; nothing was reset"))
            << effects;
        EXPECT_THAT(world.machine.performed,
                    testing::Not(testing::Contains(testing::HasSubstr("power off"))))
            << effects;
        EXPECT_EQ(world.gates(kPort), std::vector<std::string>{}) << effects;
    }
}

TEST(Reload, ToLevelObserveStopsWhatHasTouchedNothing) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    fail(world);
    begin_to_act(world);

    reload(world, everywhere(Level::Observe, true));
    world.pass(5s);

    EXPECT_EQ(world.phase(kPort), "needs-operator");
    EXPECT_TRUE(world.machine.told(action::RecordKind::NoAction, "level observe never acts"));
    EXPECT_EQ(slot(world).facts.policy.level, Level::Observe);
}

TEST(Reload, SwitchingAutomaticActionOffDoesNotTouchWhatAnOperatorAskedFor) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    const auto request = world.ask(kPort, event::ResetMethod::Reenumerate);

    reload(world, everywhere(Level::Observe, false));
    world.pass(5s);

    EXPECT_EQ(
        world.machine.answers,
        (std::vector<engine::ResetAnswer>{{request, true, "recovered", "recovered and verified"}}));
    EXPECT_EQ(slot(world).facts.policy.level, Level::Observe);
}

TEST(Reload, AHoldStaysAndTheNewLevelHoldsAfterIt) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.engine.hold({20, at(kPort), 60s, {1000, 42, "", "maintenance"}}, world.now);
    world.finish_effects();

    reload(world, everywhere(Level::Exclusive, true));
    world.pass(30s);
    EXPECT_EQ(world.phase(kPort), "held");
    EXPECT_EQ(world.gates(kPort), std::vector<std::string>{});
    world.pass(40s);

    EXPECT_EQ(world.phase(kPort), "idle");
    EXPECT_EQ(world.gates(kPort), (std::vector<std::string>{"pciehp of 0000:00:02.0"}));
}

TEST(Reload, AQuarantineStays) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    for (int failure = 0; failure < 6; ++failure) {
        fail(world);
        world.pass(2s);
    }
    ASSERT_EQ(world.phase(kPort), "quarantined");

    policy::Limits limits;
    limits.budget = 100;
    reload(world, everywhere(Level::Exclusive, true), limits);
    world.pass(5s);

    EXPECT_EQ(world.phase(kPort), "quarantined");
    EXPECT_EQ(world.gates(kPort), (std::vector<std::string>{"pciehp of 0000:00:02.0"}));
}

TEST(Reload, WhatWasSpentCountsAgainstTheNewBudget) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    for (int failure = 0; failure < 3; ++failure) {
        fail(world);
        world.pass(2s);
    }
    ASSERT_EQ(world.engine.coordinator().statuses(world.now).front().budget_left, 2U);

    policy::Limits limits;
    limits.budget = 3;
    reload(world, everywhere(Level::Fence, true), limits);
    EXPECT_EQ(world.engine.coordinator().statuses(world.now).front().budget_left, 0U);
    fail(world);
    world.pass(2s);

    EXPECT_EQ(world.phase(kPort), "quarantined");
}

// A short window must not make slotd forget what a longer one still counts.
TEST(Reload, WhatWasSpentCountsAgainWhereTheWindowBecomesLonger) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    for (int failure = 0; failure < 4; ++failure) {
        fail(world);
        world.pass(2s);
    }
    policy::Limits brief;
    brief.budget_window = 1min;
    reload(world, everywhere(Level::Fence, true), brief);
    world.pass(10min);
    fail(world);
    world.pass(2s);
    ASSERT_EQ(world.engine.coordinator().statuses(world.now).front().budget_left, 4U);

    reload(world, everywhere(Level::Fence, true));

    EXPECT_EQ(world.engine.coordinator().statuses(world.now).front().budget_left, 0U);
}

TEST(Reload, AStepThatIsNoLongerAllowedIsNotBegun) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.machine.ports.at(at(kPort)).link_up = false;
    world.say(event::RecoveryReported{kCard, RecoveryReport::Began});
    world.say(event::RecoveryReported{kCard, RecoveryReport::Succeeded});
    world.pass(6s);
    ASSERT_TRUE(world.machine.told(action::RecordKind::PhaseChanged, "trying slot"));
    ASSERT_FALSE(world.machine.told(action::RecordKind::PhaseChanged, "trying reenumerate"));

    policy::Policy policy = everywhere(Level::Fence, true);
    policy.defaults.steps = {policy::Rung::SlotReset, policy::Rung::Quarantine};
    reload(world, policy);
    world.pass(20s);

    EXPECT_FALSE(world.machine.told(action::RecordKind::PhaseChanged, "trying reenumerate"));
    EXPECT_EQ(world.phase(kPort), "quarantined");
}

TEST(Reload, ARuleForTheCardIsMatchedByTheCardThatIsThere) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);

    policy::Policy policy = everywhere(Level::Fence, false);
    policy::Rule rule;
    rule.name = "network";
    rule.match.drivers = {slot(world).facts.functions.front().driver};
    rule.level = Level::Exclusive;
    policy.rules = {rule};
    reload(world, policy);
    world.pass(1s);

    EXPECT_EQ(slot(world).facts.policy.level, Level::Exclusive);
}

}  // namespace
}  // namespace slotd
