// What happens to one slot when the kernel recovers, fails, or falls silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "event/kernel_event.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using event::RecoveryReport;
using event::RecoveryReported;
using fakes::at;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;
using policy::Level;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kPort = "0000:00:02.0";

RecoveryReported report(RecoveryReport what) {
    return {at("0000:01:00.0"), what};
}

TEST(Recovery, AtLevelFenceHotplugIsMaskedWhileTheKernelRecoversAndUnmaskedAfter) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);

    world.say(report(RecoveryReport::Began));
    world.finish_effects();
    EXPECT_TRUE(world.machine.ports.at(at(kPort)).masked);
    EXPECT_EQ(world.phase(kPort), "kernel-recovering");
    world.say(report(RecoveryReport::Succeeded));
    world.pass(1s);

    EXPECT_THAT(world.machine.performed,
                ElementsAre("mask hot-plug of 0000:00:02.0",
                            "unmask hot-plug of 0000:00:02.0 (forget latched changes)"));
    EXPECT_EQ(world.phase(kPort), "idle");
    EXPECT_THAT(world.gates(kPort), IsEmpty());
}

// A card may be waiting for it; for lines and the history nobody does.
TEST(Recovery, WhatHoldsHotplugBackIsAskedForBeforeAnythingIsWrittenAboutIt) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.machine.calls.clear();

    world.say(report(RecoveryReport::Began));

    EXPECT_THAT(world.machine.calls,
                ElementsAre("start: mask hot-plug of 0000:00:02.0", "append",
                            "write: incident opened: kernel recovers 0000:01:00.0",
                            "write: idle -> kernel-recovering: kernel began to recover "
                            "0000:01:00.0"));
}

TEST(Recovery, AtLevelFenceACardThatLeftIsDeliveredToPciehp) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);

    world.say(report(RecoveryReport::Began));
    world.finish_effects();
    world.machine.ports.at(at(kPort)).card.reset();
    world.say(report(RecoveryReport::Succeeded));
    world.pass(420ms + 500ms);

    EXPECT_EQ(world.machine.performed.at(1),
              "unmask hot-plug of 0000:00:02.0 (deliver latched changes)");
}

TEST(Recovery, AtLevelExclusiveNothingIsTouchedWhileTheKernelRecovers) {
    RunningEngine world(machine_with_one_slot(), Level::Exclusive, false);
    world.pass(2s);
    world.machine.performed.clear();

    world.say(report(RecoveryReport::Began));
    world.machine.ports.at(at(kPort)).link_up = false;
    world.pass(1s);
    world.machine.ports.at(at(kPort)).link_up = true;
    world.say(report(RecoveryReport::Succeeded));
    world.pass(2s);

    EXPECT_THAT(world.machine.performed, IsEmpty());
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(Recovery, AFailedFatalRecoveryIsFollowedByReenumeration) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);

    world.say(report(RecoveryReport::Failed));
    world.pass(2s);

    EXPECT_THAT(world.machine.performed,
                ElementsAre("mask hot-plug of 0000:00:02.0", "raise fence of 0000:00:02.0",
                            "unmask hot-plug of 0000:00:02.0 (forget latched changes)",
                            "power off slot of 0000:00:02.0", "power on slot of 0000:00:02.0",
                            "lower fence of 0000:00:02.0"));
    EXPECT_EQ(world.phase(kPort), "idle");
    EXPECT_TRUE(world.machine.told(action::RecordKind::IncidentClosed, "recovered and verified"));
}

TEST(Recovery, AtLevelExclusiveReenumerationGoesThroughTheToken) {
    RunningEngine world(machine_with_one_slot(), Level::Exclusive, true);
    world.pass(2s);
    world.machine.performed.clear();

    world.say(report(RecoveryReport::Failed));
    world.pass(2s);

    EXPECT_THAT(world.machine.performed,
                ElementsAre("unbind aer of 0000:00:02.0", "bind pciehp of 0000:00:02.0",
                            "power off slot of 0000:00:02.0", "power on slot of 0000:00:02.0",
                            "unbind pciehp of 0000:00:02.0", "bind aer of 0000:00:02.0"));
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(Recovery, WithAutomaticActionOffTheSlotWaitsForAnOperatorAndSaysWhatItWouldHaveDone) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);

    world.say(report(RecoveryReport::Failed));
    world.pass(2s);

    EXPECT_EQ(world.phase(kPort), "needs-operator");
    EXPECT_TRUE(world.machine.told(action::RecordKind::NoAction, "would have tried reenumerate"));
    EXPECT_FALSE(world.machine.ports.at(at(kPort)).masked);
}

TEST(Recovery, ABareResetOfFrozenFunctionsIsRefusedWithTheReason) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.say(report(RecoveryReport::Failed));
    world.pass(2s);

    world.ask(kPort, event::ResetMethod::Slot);

    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "refused");
    EXPECT_THAT(world.machine.answers[0].text, testing::HasSubstr("frozen"));
}

// The card works: a driver without callbacks was told of an error that lost one transaction.
TEST(Recovery, AFailedNonFatalRecoveryOfACardThatAnswersTouchesNothing) {
    RunningEngine world(machine_with_one_slot(), Level::Observe, true);
    world.pass(1s);

    world.say(event::ErrorReported{at("0000:01:00.0"), event::Severity::NonFatal, 0x4000});
    world.say(report(RecoveryReport::Failed));
    world.pass(2s);

    EXPECT_THAT(world.machine.performed, IsEmpty());
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(Recovery, ASilentKernelEndsInALookWhenItsTimeIsUp) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);

    world.say(report(RecoveryReport::Began));
    world.pass(149s);
    EXPECT_EQ(world.phase(kPort), "kernel-recovering");
    world.pass(2s);

    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(Recovery, ACardThatAnswersNothingAfterASuccessfulRecoveryIsBroughtBack) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);

    world.machine.ports.at(at(kPort)).link_up = false;
    world.say(report(RecoveryReport::Began));
    world.say(report(RecoveryReport::Succeeded));
    world.pass(15s);

    EXPECT_TRUE(world.machine.told(action::RecordKind::PhaseChanged, "trying slot"));
    EXPECT_TRUE(world.machine.told(action::RecordKind::PhaseChanged, "trying reenumerate"));
}

TEST(Recovery, TheBudgetEndsAutomaticAction) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);

    for (int failure = 0; failure < 6; ++failure) {
        world.say(report(RecoveryReport::Failed));
        world.pass(2s);
    }

    EXPECT_EQ(world.phase(kPort), "quarantined");
    EXPECT_TRUE(world.machine.told(action::RecordKind::Quarantined,
                                   "5 attempts within 3600 s for the slot"));
}

}  // namespace
}  // namespace slotd
