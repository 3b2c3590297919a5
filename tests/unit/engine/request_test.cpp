// Manual resets: they wait for the kernel, never run together in one reset domain, and are answered
// once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "event/kernel_event.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using engine::ResetAnswer;
using event::ResetMethod;
using fakes::at;
using fakes::machine_with_nested_slots;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;
using policy::Level;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kPort = "0000:00:02.0";
constexpr const char* kOuter = "0000:00:03.0";
constexpr const char* kInner = "0000:03:00.0";

/// Steps of the ladder that are under way now, gates and looks left out.
std::vector<std::string> steps_started(const fakes::FakeMachine& machine) {
    std::vector<std::string> texts;
    for (const auto& [id, effect] : machine.started) {
        if (std::holds_alternative<action::ResetFunction>(effect) ||
            std::holds_alternative<action::SetSlotPower>(effect)) {
            texts.push_back(action::to_string(effect));
        }
    }
    return texts;
}

// Under lockdown nothing can be written to configuration space, and a reset writes nothing there.
TEST(ManualReset, GoesOnWithoutFenceAndMaskWhereTheKernelForbidsThem) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.machine.forbidden = {"raise fence of 0000:00:02.0", "mask hot-plug of 0000:00:02.0"};

    world.ask(kPort, ResetMethod::Slot);
    world.pass(1s);

    EXPECT_THAT(world.machine.performed, ElementsAre("reset 0000:01:00.0 by bus"));
    EXPECT_TRUE(world.machine.told(action::RecordKind::GateProblem, "going on without"));
    EXPECT_THAT(world.gates(kPort), IsEmpty());
    EXPECT_THAT(world.machine.answers,
                ElementsAre(ResetAnswer{1, true, "recovered", "recovered and verified"}));
}

TEST(ManualReset, RunsInsideTheGatesOfItsLevelAndIsAnswered) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);

    world.ask(kPort, ResetMethod::Slot);
    world.pass(1s);

    EXPECT_THAT(world.machine.performed,
                ElementsAre("raise fence of 0000:00:02.0", "mask hot-plug of 0000:00:02.0",
                            "reset 0000:01:00.0 by bus",
                            "unmask hot-plug of 0000:00:02.0 (forget latched changes)",
                            "lower fence of 0000:00:02.0"));
    EXPECT_THAT(world.machine.answers,
                ElementsAre(ResetAnswer{1, true, "recovered", "recovered and verified"}));
}

TEST(ManualReset, ThatSlotdExecDeclinesIsRefused) {
    RunningEngine world(machine_with_one_slot(), Level::Observe, false);
    world.pass(1s);
    world.machine.declined = {"reset 0000:01:00.0 by bus"};

    world.ask(kPort, ResetMethod::Slot);
    world.pass(1s);

    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "refused");
}

TEST(ManualReset, ThatFailsIsNotRefused) {
    RunningEngine world(machine_with_one_slot(), Level::Observe, false);
    world.pass(1s);
    world.machine.failing = {"reset 0000:01:00.0 by bus"};

    world.ask(kPort, ResetMethod::Slot);
    world.pass(1s);

    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "failed");
}

TEST(ManualReset, AskedForDuringAKernelRecoveryWaitsAndRunsAfterIt) {
    RunningEngine world(machine_with_one_slot(), Level::Observe, false);
    world.pass(1s);

    world.say(event::RecoveryReported{at("0000:01:00.0"), event::RecoveryReport::Began});
    world.ask(kPort, ResetMethod::Slot);
    world.pass(5s);
    EXPECT_THAT(world.machine.performed, IsEmpty());
    world.say(event::RecoveryReported{at("0000:01:00.0"), event::RecoveryReport::Succeeded});
    world.pass(1s);

    EXPECT_THAT(world.machine.performed, ElementsAre("reset 0000:01:00.0 by bus"));
    EXPECT_EQ(world.machine.answers.size(), 1U);
}

TEST(ManualReset, OfASlotAndOfItsNestedSlotNeverRunTogether) {
    for (const Level level : {Level::Observe, Level::Fence, Level::Exclusive}) {
        RunningEngine world(machine_with_nested_slots(), level, false);
        world.pass(2s);

        world.ask(kInner, ResetMethod::Slot);
        world.ask(kOuter, ResetMethod::Slot);
        std::size_t most = 0;
        for (int turn = 0; turn < 1000; ++turn) {
            most = std::max(most, steps_started(world.machine).size());
            world.finish_effects(1);
            if (world.machine.started.empty()) {
                world.pass(50ms);
            }
        }

        EXPECT_EQ(most, 1U) << to_text(level);
        EXPECT_EQ(world.machine.answers.size(), 2U) << to_text(level);
    }
}

TEST(ManualReset, WhosePortGoesBeforeItsTurnIsRefusedForNothingWasTouched) {
    RunningEngine world(machine_with_nested_slots(), Level::Fence, false);
    world.pass(2s);
    world.machine.performed.clear();

    world.say(event::RecoveryReported{at("0000:04:00.0"), event::RecoveryReport::Began});
    const auto request = world.ask(kInner, ResetMethod::Slot);
    world.machine.ports.erase(at(kInner));
    world.say(event::HotplugSeen{at(kInner), event::HotplugKind::Removed});
    world.pass(2s);

    EXPECT_EQ(world.machine.answers,
              (std::vector<ResetAnswer>{{request, false, "refused", "the port is gone"}}));
    EXPECT_THAT(world.machine.performed, Not(Contains(HasSubstr("reset"))));
}

TEST(ManualReset, OfTwoUnrelatedSlotsRunTogether) {
    RunningEngine world(machine_with_nested_slots(), Level::Observe, false);
    world.pass(2s);

    world.ask(kPort, ResetMethod::Slot);
    world.ask(kInner, ResetMethod::Slot);
    world.finish_effects(2);  // the look of each

    EXPECT_THAT(steps_started(world.machine),
                ElementsAre("reset 0000:01:00.0 by bus", "reset 0000:04:00.0 by bus"));
}

TEST(ManualReset, OfASlotInWhichTheKernelWorksOnANestedSlotWaits) {
    RunningEngine world(machine_with_nested_slots(), Level::Observe, false);
    world.pass(2s);

    world.say(event::RecoveryReported{at("0000:04:00.0"), event::RecoveryReport::Began});
    world.ask(kOuter, ResetMethod::Slot);
    world.pass(5s);
    EXPECT_EQ(world.phase(kOuter), "waiting");
    world.say(event::RecoveryReported{at("0000:04:00.0"), event::RecoveryReport::Succeeded});
    world.pass(1s);

    EXPECT_THAT(world.machine.performed, ElementsAre("reset 0000:02:00.0 by bus"));
}

// Found by tests/model: the turn was given for good, whatever the kernel did before the first step.
TEST(ManualReset, ThatHasItsTurnIsCalledBackWhenTheKernelGoesToWorkOnANestedSlot) {
    RunningEngine world(machine_with_nested_slots(), Level::Observe, false);
    world.pass(2s);

    world.ask(kOuter, ResetMethod::Reenumerate);
    world.say(event::RecoveryReported{at("0000:04:00.0"), event::RecoveryReport::Began});
    world.pass(5s);

    EXPECT_EQ(world.phase(kOuter), "waiting");
    EXPECT_THAT(world.machine.performed, ElementsAre());
}

TEST(ManualReset, BeyondTheFourthWaitingIsRefused) {
    RunningEngine world(machine_with_one_slot(), Level::Observe, false);
    world.pass(1s);
    world.say(event::RecoveryReported{at("0000:01:00.0"), event::RecoveryReport::Began});

    for (int request = 0; request < 5; ++request) {
        world.ask(kPort, ResetMethod::Slot);
    }

    EXPECT_THAT(world.machine.answers,
                ElementsAre(ResetAnswer{5, false, "refused",
                                        "4 requests are waiting for this slot already"}));
}

TEST(ManualReset, ThatFailsOpensTheGatesAndSaysWhy) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.machine.failing.insert("reset 0000:01:00.0 by bus");

    world.ask(kPort, ResetMethod::Slot);
    world.pass(6s);

    EXPECT_EQ(world.phase(kPort), "needs-operator");
    EXPECT_THAT(world.gates(kPort), IsEmpty());
    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "failed");
}

TEST(ManualReset, WhoseGateCannotBeClosedResetsNothing) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.machine.failing.insert("raise fence of 0000:00:02.0");

    world.ask(kPort, ResetMethod::Slot);
    world.pass(1s);

    EXPECT_THAT(world.machine.performed,
                testing::Not(testing::Contains("reset 0000:01:00.0 by bus")));
    EXPECT_EQ(world.machine.answers.at(0).outcome, "failed");
}

TEST(Wedged, SlotIsReportedRefusesMoreAndRecoversWhenTheWorkerReturns) {
    RunningEngine world(machine_with_one_slot(), Level::Observe, false);
    world.pass(1s);
    world.ask(kPort, ResetMethod::Slot);
    world.finish_effects(1);
    const event::EffectId stuck = world.machine.started.at(0).first;
    world.machine.started.clear();

    world.engine.effect_finished(stuck, {event::OutcomeKind::TimedOut, 0, "reset", std::nullopt},
                                 world.now);
    EXPECT_EQ(world.phase(kPort), "wedged");
    world.ask(kPort, ResetMethod::Slot);
    world.engine.effect_finished(stuck, {}, world.now);
    world.pass(1s);

    EXPECT_THAT(world.machine.answers,
                ElementsAre(testing::Field(&ResetAnswer::outcome, "wedged"),
                            testing::Field(&ResetAnswer::outcome, "wedged")));
    EXPECT_EQ(world.phase(kPort), "needs-operator");
}

TEST(Wedged, RemovalKeepsOthersFromTheRescanLockButNotFromTheirResets) {
    RunningEngine world(machine_with_nested_slots(), Level::Observe, false);
    world.pass(2s);
    world.ask(kPort, ResetMethod::Reenumerate);
    world.finish_effects(1);
    const event::EffectId stuck = world.machine.started.at(0).first;
    world.machine.started.clear();
    world.engine.effect_finished(stuck, {event::OutcomeKind::TimedOut, 0, "power", std::nullopt},
                                 world.now);

    world.ask(kInner, ResetMethod::Reenumerate);
    world.pass(6s);
    world.ask(kInner, ResetMethod::Slot);
    world.pass(6s);

    ASSERT_EQ(world.machine.answers.size(), 3U);
    EXPECT_THAT(world.machine.answers[1].text, testing::HasSubstr("rescan lock"));
    EXPECT_EQ(world.machine.answers[2].outcome, "recovered");
}

// Invariant 8: nobody knows whether the reset was done.
TEST(WorkerLost, InTheMiddleOfAResetIsNotRetriedAndTheGatesOpen) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.ask(kPort, ResetMethod::Auto);
    world.finish_effects(3);
    const event::EffectId lost = world.machine.started.at(0).first;
    world.machine.started.clear();

    world.engine.effect_finished(lost, {event::OutcomeKind::WorkerLost, 0, "reset", std::nullopt},
                                 world.now);
    world.pass(6s);

    EXPECT_EQ(world.machine.answers.at(0).outcome, "failed");
    EXPECT_THAT(world.machine.answers.at(0).text, testing::HasSubstr("not retried"));
    EXPECT_THAT(world.machine.performed,
                testing::Not(testing::Contains("power off slot of 0000:00:02.0")));
    EXPECT_THAT(world.gates(kPort), IsEmpty());
}

TEST(WorkerLost, WhileAGateOpensIsFollowedByAnotherTry) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.ask(kPort, ResetMethod::Slot);
    world.finish_effects(5);
    ASSERT_EQ(action::to_string(world.machine.started.at(0).second),
              "unmask hot-plug of 0000:00:02.0 (forget latched changes)");
    const event::EffectId lost = world.machine.started.at(0).first;
    world.machine.started.clear();

    world.engine.effect_finished(lost, {event::OutcomeKind::WorkerLost, 0, "unmask", std::nullopt},
                                 world.now);
    world.pass(1s);

    EXPECT_EQ(world.machine.answers.at(0).outcome, "recovered");
    EXPECT_FALSE(world.machine.ports.at(at(kPort)).masked);
}

TEST(ExecutorLost, InTheMiddleIsAnsweredAsUnknownAndTheSlotIsAnOperatorsUntilReleased) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.ask(kPort, ResetMethod::Slot);
    world.finish_effects(3);
    const event::EffectId lost = world.machine.started.at(0).first;
    world.machine.started.clear();

    world.engine.effect_finished(lost, {event::OutcomeKind::ExecutorLost, 0, "reset", std::nullopt},
                                 world.now);
    world.engine.executor_restarted(world.now);
    world.pass(1s);

    EXPECT_EQ(world.machine.answers.at(0).outcome, "unknown");
    EXPECT_EQ(world.phase(kPort), "needs-operator");
    EXPECT_THAT(world.gates(kPort), IsEmpty());
    event::ReleaseRequested release;
    release.port = at(kPort);
    world.engine.release(release, world.now);
    world.pass(1s);
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(ExecutorLost, AtLevelExclusiveTheTokenIsTakenAgain) {
    RunningEngine world(machine_with_one_slot(), Level::Exclusive, false);
    world.pass(2s);
    world.machine.ports.at(at(kPort)).bound.insert(pci::Service::Pciehp);  // gates were opened

    world.say(event::ServicesChanged{at(kPort)});
    world.machine.started.clear();  // slotd-exec took along what it was asked for
    world.engine.executor_restarted(world.now);
    world.pass(2s);

    EXPECT_THAT(world.gates(kPort), ElementsAre("pciehp of 0000:00:02.0"));
    EXPECT_FALSE(world.machine.ports.at(at(kPort)).bound.contains(pci::Service::Pciehp));
}

}  // namespace
}  // namespace slotd
