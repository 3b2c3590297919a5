// What has to be true of a card before it counts as recovered.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "action/record.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "policy/level.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using event::ResetMethod;
using fakes::at;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;
using policy::Level;

constexpr const char* kPort = "0000:00:02.0";
const pci::Address kCard = at("0000:01:00.0");

TEST(Soak, IsOverBeforeARequestIsAnsweredAndTheGatesAreOpenMeanwhile) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true, 1s);
    world.pass(1s);
    world.ask(kPort, ResetMethod::Slot);
    world.pass(500ms);
    EXPECT_EQ(world.phase(kPort), "soaking");
    EXPECT_TRUE(world.machine.answers.empty());
    EXPECT_TRUE(world.gates(kPort).empty());

    world.pass(1s);
    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "recovered");
}

TEST(Soak, InWhichErrorsAreCountedTriesTheNextStep) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true, 1s);
    world.pass(1s);
    world.ask(kPort, ResetMethod::Auto);
    world.pass(500ms);
    world.machine.ports.at(at(kPort)).errors.nonfatal = 3;
    world.pass(5s);

    EXPECT_TRUE(world.machine.told(action::RecordKind::PhaseChanged, "3 non-fatal errors"));
    EXPECT_TRUE(world.machine.told(action::RecordKind::PhaseChanged, "trying reenumerate"));
    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "recovered");
}

TEST(Soak, EndsWhenTheKernelRecoversTheCardAgain) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true, 1s);
    world.pass(1s);
    world.ask(kPort, ResetMethod::Slot);
    world.pass(500ms);
    world.say(event::RecoveryReported{kCard, event::RecoveryReport::Began});
    world.finish_effects();

    EXPECT_EQ(world.phase(kPort), "kernel-recovering");
    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "failed");
    EXPECT_EQ(world.machine.answers[0].text, "another error right after it had come back");
}

TEST(Verification, OfALinkThatIsNarrowerThanItWasIsDegradedNotRecovered) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.ask(kPort, ResetMethod::Slot);
    world.machine.ports.at(at(kPort)).link_width = 1;
    world.pass(10s);

    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "degraded");
    EXPECT_EQ(world.machine.answers[0].text,
              "recovered and verified, but the link is 16.0 GT/s x1 and was 16.0 GT/s x4");
    EXPECT_EQ(world.engine.coordinator().statuses(world.now).at(0).link,
              (pci::Link{true, 4, 1, 0, 0}));
}

TEST(Verification, IsNotNeededToShowTheLinkAsItWasLastSeen) {
    RunningEngine world(machine_with_one_slot(), Level::Observe, false);
    const auto link = [&] { return world.engine.coordinator().statuses(world.now).at(0).link; };
    EXPECT_EQ(link(), std::nullopt);  // nobody has looked

    world.pass(1s);
    EXPECT_EQ(link(), (pci::Link{true, 4, 4, 0, 0}));
}

}  // namespace
}  // namespace slotd
