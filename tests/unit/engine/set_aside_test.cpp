#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "engine/ports.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "policy/level.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using event::RecoveryReport;
using event::ResetMethod;
using fakes::at;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;
using policy::Level;

constexpr const char* kPort = "0000:00:02.0";
const pci::Address kCard = at("0000:01:00.0");

void fail(RunningEngine& world) {
    world.say(event::RecoveryReported{kCard, RecoveryReport::Failed});
    world.pass(2s);
}

event::HoldRequested hold(std::optional<Duration> lasts) {
    return {20, at(kPort), lasts, {1000, 42, "", "maintenance"}};
}

event::ReleaseRequested release() {
    return {21, at(kPort), {1000, 42, "", "done"}};
}

TEST(Hold, KeepsSlotdFromActingUntilItsTimeHasPassed) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.engine.hold(hold(60s), world.now);
    world.finish_effects();
    EXPECT_EQ(world.phase(kPort), "held");
    world.machine.performed.clear();
    fail(world);
    EXPECT_EQ(world.machine.performed, std::vector<std::string>{});
    EXPECT_EQ(world.phase(kPort), "held");

    world.pass(60s);
    EXPECT_EQ(world.phase(kPort), "needs-operator");
}

TEST(Hold, OpensWhatLevelExclusiveKeepsClosedAndReleaseClosesItAgain) {
    RunningEngine world(machine_with_one_slot(), Level::Exclusive, true);
    world.pass(1s);
    ASSERT_EQ(world.gates(kPort), (std::vector<std::string>{"pciehp of 0000:00:02.0"}));
    world.engine.hold(hold(std::nullopt), world.now);
    world.pass(1s);
    EXPECT_EQ(world.phase(kPort), "held");
    EXPECT_EQ(world.gates(kPort), std::vector<std::string>{});

    world.engine.release(release(), world.now);
    world.pass(2s);
    EXPECT_EQ(world.phase(kPort), "idle");
    EXPECT_EQ(world.gates(kPort), (std::vector<std::string>{"pciehp of 0000:00:02.0"}));
}

TEST(Hold, RefusesResetsAndSaysWhoHolds) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.engine.hold(hold(std::nullopt), world.now);
    world.finish_effects();
    const auto request = world.ask(kPort, ResetMethod::Auto);
    world.finish_effects();

    EXPECT_EQ(world.machine.answers,
              (std::vector<engine::ResetAnswer>{
                  {20, true, "held", "held; slotd keeps its hands off the slot"},
                  {request, false, "refused",
                   "the slot is held by uid 1000 pid 42: \"maintenance\"; release it first"}}));
}

TEST(Quarantine, EndsWithReleaseAndGivesTheBudgetBack) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    for (int failure = 0; failure < 6; ++failure) {
        fail(world);
    }
    ASSERT_EQ(world.phase(kPort), "quarantined");
    world.engine.release(release(), world.now);
    world.pass(1s);
    world.machine.performed.clear();
    fail(world);

    EXPECT_EQ(world.phase(kPort), "idle");
    EXPECT_FALSE(world.machine.performed.empty());
}

TEST(Quarantine, ComesBackFromTheHistory) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    history::Opened opened;
    opened.remembered.quarantines = {{at(kPort), "no attempt is left"}};
    world.engine.history_said(opened, world.now);
    world.pass(1s);
    EXPECT_EQ(world.phase(kPort), "quarantined");
    world.machine.performed.clear();
    fail(world);

    EXPECT_EQ(world.phase(kPort), "quarantined");
    EXPECT_TRUE(world.machine.told(action::RecordKind::NoAction, "in quarantine"));
}

TEST(Budget, ThatWasSpentBeforeTheRestartIsSpent) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    history::Opened opened;
    opened.remembered.spent.assign(5, {at(kPort), at(kPort), true, 600s});
    world.engine.history_said(opened, world.now);
    world.pass(1s);
    world.machine.performed.clear();
    fail(world);

    EXPECT_EQ(world.phase(kPort), "quarantined");
    EXPECT_TRUE(world.machine.told(action::RecordKind::Quarantined, "5 attempts within 3600 s"));
}

TEST(Ambiguous, AttemptFromBeforeTheRestartIsToldAndNotRetried) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    history::Opened opened;
    opened.remembered.ambiguous = {
        {{at(kPort), at(kPort), 77, 3, "reenumerate", true, ""}, 30s, ""}};
    world.machine.performed.clear();
    world.engine.history_said(opened, world.now);
    world.pass(5s);

    EXPECT_TRUE(world.machine.told(action::RecordKind::History,
                                   "an earlier attempt (reenumerate) has no known outcome"));
    EXPECT_EQ(world.machine.performed, std::vector<std::string>{});
}

/// The history has an incident of an earlier run of slotd in this boot that did not end well.
history::Opened with_ill_incident(bool ended) {
    history::Opened opened;
    opened.remembered.ill = {{at(kPort), 7, ended ? "gave up" : "fatal error", ended, ended}};
    return opened;
}

TEST(IllIncident, OfAnEarlierRunLeavesTheSlotToAnOperatorThoughTheCardLooksWell) {
    for (const bool ended : {true, false}) {
        RunningEngine world(machine_with_one_slot(), Level::Fence, true);
        world.engine.history_said(with_ill_incident(ended), world.now);
        world.pass(5s);

        EXPECT_EQ(world.phase(kPort), "needs-operator") << ended;
        EXPECT_TRUE(world.machine.told(
            action::RecordKind::History,
            ended
                ? "an earlier incident has not ended well: gave up"
                : "an earlier incident (fatal error) has no known end: slotd ended in the middle"));
    }
}

TEST(IllIncident, IsForgottenWithAReleaseUnlessTheKernelGaveTheCardUp) {
    RunningEngine ended(machine_with_one_slot(), Level::Fence, true);
    ended.engine.history_said(with_ill_incident(true), ended.now);
    ended.pass(1s);
    ended.engine.release(release(), ended.now);
    ended.pass(5s);
    EXPECT_EQ(ended.phase(kPort), "needs-operator");
    EXPECT_EQ(ended.machine.remembered.back(),
              history::Entry(history::IncidentClosed{7, at(kPort), false,
                                                     "released, and still not recovered", true}));

    RunningEngine cut_off(machine_with_one_slot(), Level::Fence, true);
    cut_off.engine.history_said(with_ill_incident(false), cut_off.now);
    cut_off.pass(1s);
    cut_off.engine.release(release(), cut_off.now);
    cut_off.pass(5s);
    EXPECT_EQ(cut_off.phase(kPort), "idle");
}

// slotd may die between the incident and its entry: the card's registers still tell.
TEST(FirstLook, AtACardThatWasResetUnderItsDriverLeavesItToAnOperator) {
    fakes::FakeMachine machine = machine_with_one_slot();
    machine.ports.at(at(kPort)).card->wiped = true;
    RunningEngine world(machine, Level::Fence, true);
    world.pass(5s);
    EXPECT_EQ(world.phase(kPort), "needs-operator");
    EXPECT_TRUE(world.machine.told(action::RecordKind::PhaseChanged,
                                   "looked, 0000:01:00.0 does not decode memory"));

    world.ask(kPort, ResetMethod::Reenumerate);
    world.pass(10s);
    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(IllIncident, EndsWithAResetThatWentWell) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.engine.history_said(with_ill_incident(true), world.now);
    world.pass(1s);
    world.ask(kPort, ResetMethod::Reenumerate);
    world.pass(10s);

    EXPECT_EQ(world.phase(kPort), "idle");
}

TEST(IllIncident, EndsInTheHistoryTooWhenTheCardIsWellByItself) {
    RunningEngine world(machine_with_one_slot(), Level::Observe, false);
    world.pass(1s);
    world.machine.failing = {"reset 0000:01:00.0 by bus"};
    world.ask(kPort, ResetMethod::Slot);
    world.pass(10s);
    ASSERT_EQ(world.phase(kPort), "needs-operator");

    world.say(event::HotplugSeen{kCard, event::HotplugKind::DriverBound});
    world.pass(10s);

    EXPECT_EQ(world.phase(kPort), "idle");
    const auto& last = std::get<history::IncidentClosed>(world.machine.remembered.back());
    EXPECT_TRUE(last.well) << last.how;
}

TEST(History, ThatIsNotWritableEndsAutomaticActionButNotWhatIsAskedFor) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.engine.history_said(history::Unusable{"the disk is full"}, world.now);
    world.machine.performed.clear();
    fail(world);
    EXPECT_EQ(world.phase(kPort), "needs-operator");
    EXPECT_TRUE(world.machine.told(action::RecordKind::NoAction,
                                   "no automatic action without a history: the disk is full"));

    world.ask(kPort, ResetMethod::Reenumerate);
    world.pass(2s);
    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "recovered");
    EXPECT_TRUE(world.machine.told(action::RecordKind::History, "cannot be remembered"));
}

// Else it would be called an attempt whose outcome nobody knows after the next start.
TEST(History, ThatWritesAReservationWhenItsOperationIsOverHearsOfItsEnd) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    world.history_writes = false;
    world.ask(kPort, ResetMethod::Reenumerate);
    world.finish_effects();
    ASSERT_EQ(world.phase(kPort), "reserving");

    world.engine.executor_restarted(world.now);
    world.history_writes = true;
    world.finish_effects();

    const auto reserved = std::ranges::find_if(world.machine.remembered, [](const auto& entry) {
        return std::holds_alternative<history::AttemptReserved>(entry);
    });
    ASSERT_NE(reserved, world.machine.remembered.end());
    const std::uint64_t incident = history::incident_of(*reserved);
    EXPECT_NE(std::ranges::find(world.machine.remembered, history::Entry(history::AttemptEnded{
                                                              at(kPort), incident, 1, false, false,
                                                              "left before anything was touched"})),
              world.machine.remembered.end());
}

TEST(History, ThatDoesNotAnswerIsNotWaitedForForEver) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.history_writes = false;
    world.machine.performed.clear();
    fail(world);
    world.pass(10s);

    EXPECT_EQ(world.phase(kPort), "needs-operator");
    EXPECT_TRUE(world.machine.told(action::RecordKind::NoAction, "the history does not answer"));
    EXPECT_EQ(world.machine.performed,
              (std::vector<std::string>{"mask hot-plug of 0000:00:02.0",
                                        "unmask hot-plug of 0000:00:02.0 (forget latched "
                                        "changes)"}));
}

TEST(Wedged, DeviceThatItsDriverGivesUpIsEnumeratedAfresh) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.machine.performed.clear();
    world.say(event::DeviceWedged{kCard, {event::WedgedMethod::Rebind}});
    world.pass(2s);

    EXPECT_EQ(world.phase(kPort), "idle");
    EXPECT_EQ(
        world.machine.performed,
        (std::vector<std::string>{"raise fence of 0000:00:02.0", "power off slot of 0000:00:02.0",
                                  "power on slot of 0000:00:02.0", "lower fence of 0000:00:02.0"}));
}

TEST(Wedged, DeviceThatOnlyAVendorsToolCanHelpIsLeftAlone) {
    RunningEngine world(machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.machine.performed.clear();
    world.say(event::DeviceWedged{kCard, {event::WedgedMethod::VendorSpecific}});
    world.pass(2s);

    EXPECT_EQ(world.machine.performed, std::vector<std::string>{});
    EXPECT_TRUE(world.machine.told(action::RecordKind::NoAction, "vendor's tool"));
}

}  // namespace
}  // namespace slotd
