#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
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
