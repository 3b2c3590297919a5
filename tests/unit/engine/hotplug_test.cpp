// A hot-plug that is held back is never lost (invariant 6), and the token is kept (invariant 3).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "event/kernel_event.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using fakes::at;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;
using policy::Level;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kPort = "0000:00:02.0";

TEST(Token, IsTakenAtTheStartByUnbindingPciehp) {
    RunningEngine world(machine_with_one_slot(), Level::Exclusive, false);

    world.pass(1s);

    EXPECT_THAT(world.machine.performed, ElementsAre("unbind pciehp of 0000:00:02.0"));
    EXPECT_THAT(world.gates(kPort), ElementsAre("pciehp of 0000:00:02.0"));
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(Token, OfAPortWhosePciehpSomebodyElseUnboundIsNotOurs) {
    fakes::FakeMachine machine = machine_with_one_slot();
    machine.ports.at(at(kPort)).bound.erase(pci::Service::Pciehp);
    RunningEngine world(std::move(machine), Level::Exclusive, false);

    world.pass(1s);

    EXPECT_THAT(world.gates(kPort), IsEmpty());
}

struct HeldBack : testing::Test {
    RunningEngine world{machine_with_one_slot(), Level::Exclusive, false};

    HeldBack() {
        world.pass(2s);
        world.machine.performed.clear();
    }

    fakes::FakePort& port() { return world.machine.ports.at(at(kPort)); }
};

TEST_F(HeldBack, ACardThatLeftIsRemovedByPciehpInsideTheToken) {
    port().card.reset();

    world.pass(5s);

    EXPECT_THAT(world.machine.performed,
                ElementsAre("unbind aer of 0000:00:02.0", "bind pciehp of 0000:00:02.0",
                            "unbind pciehp of 0000:00:02.0", "bind aer of 0000:00:02.0"));
    EXPECT_FALSE(port().enumerated.has_value());
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST_F(HeldBack, ACardThatCameIsEnumerated) {
    port().card.reset();
    world.pass(5s);
    port().card = fakes::FakeCard{fakes::identity_of(0x1533, 7)};

    world.pass(5s);

    EXPECT_EQ(port().enumerated, port().card);
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST_F(HeldBack, AnotherCardInPlaceOfTheOldOneReplacesIt) {
    port().card = fakes::FakeCard{fakes::identity_of(0x1533, 7)};

    world.pass(5s);

    EXPECT_THAT(world.machine.performed,
                ElementsAre("unbind aer of 0000:00:02.0", "bind pciehp of 0000:00:02.0",
                            "power off slot of 0000:00:02.0", "power on slot of 0000:00:02.0",
                            "unbind pciehp of 0000:00:02.0", "bind aer of 0000:00:02.0"));
    EXPECT_EQ(port().enumerated, port().card);
}

TEST_F(HeldBack, ALinkThatFlapsForAShortTimeReplaysNothing) {
    port().link_up = false;
    world.pass(300ms);
    port().link_up = true;

    world.pass(5s);

    EXPECT_THAT(world.machine.performed, IsEmpty());
}

TEST(Fence, IsUpWhileFunctionsComeAndGo) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);

    world.machine.ports.at(at(kPort)).card.reset();
    world.machine.ports.at(at(kPort)).enumerated.reset();
    world.say(event::HotplugSeen{at("0000:01:00.0"), event::HotplugKind::Removed});
    world.finish_effects();
    EXPECT_TRUE(world.machine.ports.at(at(kPort)).fenced);
    world.pass(2s);

    EXPECT_FALSE(world.machine.ports.at(at(kPort)).fenced);
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(Overlap, OfARemovalDuringARecoveryIsSaid) {
    RunningEngine world(machine_with_one_slot(), Level::Observe, false);
    world.pass(1s);

    world.say(event::RecoveryReported{at("0000:01:00.0"), event::RecoveryReport::Began});
    world.say(event::HotplugSeen{at("0000:01:00.0"), event::HotplugKind::Removed});

    EXPECT_TRUE(world.machine.told(action::RecordKind::OverlapSeen,
                                   "0000:01:00.0 was removed while the kernel recovered"));
}

TEST(MissedEvents, LeadToALookAtEverySlotAndOneLine) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.machine.ports.at(at(kPort)).card.reset();
    world.machine.ports.at(at(kPort)).enumerated.reset();

    world.say(event::EventsMissed{"12 uevents"});
    world.pass(1s);

    EXPECT_TRUE(world.machine.told(action::RecordKind::EventsMissed, "missed 12 uevents"));
    EXPECT_FALSE(world.engine.coordinator().slots().at(at(kPort)).known.occupied);
}

// Adopting what is found would take the departure for the state that was always there.
TEST_F(HeldBack, ACardThatLeftAmongMissedEventsIsStillRemoved) {
    port().card.reset();

    world.say(event::EventsMissed{"12 uevents"});
    world.pass(5s);

    EXPECT_FALSE(port().enumerated.has_value());
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST_F(HeldBack, AnotherCardOfTheSameModelIsToldApartByItsSerialNumber) {
    port().card = fakes::FakeCard{fakes::identity_of(0x10d3, 2)};

    world.pass(5s);

    EXPECT_EQ(port().enumerated, port().card);
}

}  // namespace
}  // namespace slotd
