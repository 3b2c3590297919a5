#include "policy/in_use.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "engine/ports.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "event/usage.hpp"
#include "history/entry.hpp"
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

event::Usage mounted() {
    event::FunctionUse function;
    function.address = kCard;
    function.driver = "virtio-pci";
    function.blocks = {{"vda", 0, {}, {{"vda1", "/srv"}}, {}}};
    event::Usage usage;
    usage.functions = {function};
    return usage;
}

event::Usage opened_by_vfio() {
    event::FunctionUse function;
    function.address = kCard;
    function.driver = "vfio-pci";
    function.vfio_group = 12;
    function.vfio_open = true;
    event::Usage usage;
    usage.functions = {function};
    usage.processes = {{4711, "qemu-system-x86", "machine-vm.scope", "/dev/vfio/12", kCard}};
    return usage;
}

RunningEngine world_with(const event::Usage& usage, bool automatic = true) {
    fakes::FakeMachine machine = machine_with_one_slot();
    machine.usage[at(kPort)] = usage;
    return {std::move(machine), Level::Fence, automatic};
}

TEST(InUse, IsRefusedWithTheListAndNothingIsTouched) {
    RunningEngine world = world_with(mounted());
    world.pass(1s);
    world.machine.performed.clear();
    const auto request = world.ask(kPort, ResetMethod::Slot);
    world.pass(2s);

    EXPECT_EQ(world.machine.answers,
              (std::vector<engine::ResetAnswer>{
                  {request, false, "in-use", "in use: 0000:01:00.0: vda1 is mounted at /srv"}}));
    EXPECT_EQ(world.machine.performed, std::vector<std::string>{});
    EXPECT_EQ(world.phase(kPort), "idle") << "it was well, and nobody touched it";
}

TEST(InUse, IsOverriddenByForceAndSaysByWhom) {
    RunningEngine world = world_with(mounted());
    world.pass(1s);
    world.ask(kPort, ResetMethod::Slot, true);
    world.pass(2s);

    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "recovered");
    EXPECT_TRUE(world.machine.told(action::RecordKind::InUse, "overridden by uid 0"));
    EXPECT_TRUE(world.machine.told(action::RecordKind::InUse, "vda1 is mounted at /srv"));
}

TEST(InUse, KeepsSlotdFromActingOfItsOwnAccord) {
    RunningEngine world = world_with(mounted());
    world.pass(1s);
    world.machine.performed.clear();
    world.say(event::RecoveryReported{kCard, event::RecoveryReport::Failed});
    world.pass(2s);

    EXPECT_EQ(world.phase(kPort), "needs-operator");
    EXPECT_TRUE(world.machine.told(action::RecordKind::InUse, "vda1 is mounted at /srv"));
    EXPECT_EQ(
        std::ranges::count_if(world.machine.remembered,
                              [](const auto& entry) {
                                  return std::holds_alternative<history::AttemptReserved>(entry);
                              }),
        0);
}

TEST(InUse, ThroughVfioIsNeverTakenAwayNotEvenByForce) {
    RunningEngine world = world_with(opened_by_vfio());
    world.pass(1s);
    world.ask(kPort, ResetMethod::Reenumerate, true);
    world.pass(2s);

    ASSERT_EQ(world.machine.answers.size(), 1U);
    EXPECT_EQ(world.machine.answers[0].outcome, "in-use");
    EXPECT_NE(world.machine.answers[0].text.find("in use through VFIO"), std::string::npos);
}

TEST(InUse, ByTheLenderOfTheDescriptorsDoesNotCount) {
    // Since 6.16 the kernel tells whose device an open descriptor of VFIO is.
    for (const char* node : {"/dev/vfio/12", "[vfio-device]"}) {
        event::Usage usage = opened_by_vfio();
        usage.processes[0].node = node;
        RunningEngine world = world_with(usage);
        world.pass(1s);
        event::ResetRequested request;
        request.request = 7;
        request.port = at(kPort);
        request.method = ResetMethod::Vfio;
        request.lent = true;
        world.engine.submit(request, world.now);
        world.pass(2s);

        ASSERT_EQ(world.machine.answers.size(), 1U) << node;
        EXPECT_EQ(world.machine.answers[0].outcome, "recovered") << node;
        EXPECT_NE(
            std::ranges::find(world.machine.performed,
                              "hot reset by lent VFIO descriptors of what is below 0000:00:02.0"),
            world.machine.performed.end())
            << node;
    }
}

TEST(Plan, SaysTheStepsAndWhoWouldBeDisturbedAndTouchesNothing) {
    RunningEngine world = world_with(mounted());
    world.pass(1s);
    world.machine.performed.clear();
    world.engine.plan({9, at(kPort), std::nullopt, ResetMethod::Slot, {}}, world.now);
    world.finish_effects();

    ASSERT_EQ(world.machine.plans.size(), 1U);
    const engine::PlanAnswer& plan = world.machine.plans[0];
    EXPECT_EQ(plan.request, 9U);
    EXPECT_FALSE(plan.steps.empty());
    EXPECT_EQ(
        plan.in_use,
        (std::vector<policy::Use>{{policy::UseKind::Mounted, kCard, "vda1 is mounted at /srv"}}));
    EXPECT_TRUE(plan.would_refuse);
    EXPECT_FALSE(plan.would_refuse_forced);
    EXPECT_EQ(world.machine.performed, std::vector<std::string>{});
}

TEST(Plan, SaysWhereForceDoesNotHelp) {
    RunningEngine world = world_with(opened_by_vfio());
    world.pass(1s);
    world.engine.plan({9, at(kPort), std::nullopt, ResetMethod::Reenumerate, {}}, world.now);
    world.finish_effects();

    ASSERT_EQ(world.machine.plans.size(), 1U);
    EXPECT_TRUE(world.machine.plans[0].would_refuse);
    EXPECT_TRUE(world.machine.plans[0].would_refuse_forced);
    EXPECT_NE(world.machine.plans[0].text.find("in use through VFIO"), std::string::npos);
}

}  // namespace
}  // namespace slotd
