// Hooks are asked before each attempt, and nothing is touched where one objects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "engine/ports.hpp"
#include "event/kernel_event.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using engine::ResetAnswer;
using event::ResetMethod;
using fakes::at;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;
using policy::Level;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kPort = "0000:00:02.0";
constexpr const char* kAsked = "ask the hooks about 0000:00:02.0";

RunningEngine with_hooks(bool automatic_action) {
    coordinator::Settings settings = RunningEngine::settings(Level::Observe, automatic_action);
    settings.limits.hooks = true;
    RunningEngine world(machine_with_one_slot(), settings);
    world.pass(1s);
    return world;
}

TEST(Hooks, AreAskedBeforeTheStepAndItGoesOnWhenTheyAgree) {
    RunningEngine world = with_hooks(false);

    world.ask(kPort, ResetMethod::Slot);
    world.pass(1s);

    EXPECT_THAT(world.machine.answers,
                ElementsAre(ResetAnswer{1, true, "recovered", "recovered and verified"}));
    EXPECT_TRUE(world.machine.told(action::RecordKind::PhaseChanged, "asking the hooks"));
}

TEST(Hooks, ThatObjectRefuseTheStepAndNothingIsTouchedOrSpent) {
    RunningEngine world = with_hooks(false);
    world.machine.declined = {kAsked};

    world.ask(kPort, ResetMethod::Slot);
    world.pass(1s);

    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "refused");
    EXPECT_THAT(world.machine.performed, IsEmpty());
    EXPECT_EQ(world.phase(kPort), "idle") << "it was well, and nobody touched it";
}

TEST(Hooks, ThatAreBeingAskedGiveWayToTheKernel) {
    RunningEngine world = with_hooks(false);
    world.ask(kPort, ResetMethod::Slot);
    const auto survey = world.machine.finish_next();
    world.engine.effect_finished(survey->first, survey->second, world.now);
    ASSERT_EQ(world.phase(kPort), "surveying");

    world.say(event::RecoveryReported{at("0000:01:00.0"), event::RecoveryReport::Began});
    EXPECT_EQ(world.phase(kPort), "kernel-recovering");
    world.say(event::RecoveryReported{at("0000:01:00.0"), event::RecoveryReport::Succeeded});
    world.pass(1s);

    EXPECT_EQ(world.machine.answers.size(), 1U);
}

}  // namespace
}  // namespace slotd
