#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "control/control_service.hpp"
#include "control/fault.hpp"
#include "control/message.hpp"
#include "control/plan_reply.hpp"
#include "event/request.hpp"
#include "event/usage.hpp"
#include "pci/address.hpp"
#include "policy/in_use.hpp"
#include "tests/unit/control/service_test.hpp"

namespace slotd::control {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ControlServiceActs = ServiceTest;

constexpr pci::Address kPort{0, 0, 2, 0};

TEST_F(ControlServiceActs, AHoldIsAnsweredWhenItHasTakenEffect) {
    call(HoldSlot{"5", 2h, "changing\nthe card"});
    EXPECT_TRUE(replies().empty());
    EXPECT_TRUE(service_.waiting(kRoot));

    service_.answer(Answer{1, true, "held", "slotd keeps its hands off"});

    EXPECT_EQ(backend_.held, (std::vector<event::HoldRequested>{
                                 {1, kPort, 2h, {0, 4711, "sshd.service", "changing?the card"}}}));
    const auto all = replies();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(*decode_done(all[0].parameters), (DoneReply{1, kPort, "slotd keeps its hands off"}));
    EXPECT_FALSE(service_.waiting(kRoot));
}

// A function in a slot names the slot: a hold is about the whole card.
TEST_F(ControlServiceActs, AReleaseTakesAnyNameOfTheSlot) {
    call(ReleaseSlot{"0000:01:00.1", "done"});

    EXPECT_EQ(
        backend_.released,
        (std::vector<event::ReleaseRequested>{{1, kPort, {0, 4711, "sshd.service", "done"}}}));
}

TEST_F(ControlServiceActs, WhatCannotBeHeldOrReleasedIsRefused) {
    backend_.on_act = [&](event::RequestId request) {
        service_.answer(Answer{request, false, "refused", "nobody holds it"});
    };
    call(ReleaseSlot{"5", "x"});
    EXPECT_EQ(only_fault(), Fault(Refused{"nobody holds it"}));
    call(HoldSlot{"5", std::nullopt, "x"});
    EXPECT_EQ(only_fault(), Fault(Refused{"nobody holds it"}));
    EXPECT_FALSE(service_.waiting(kRoot));
}

TEST_F(ControlServiceActs, AReloadSaysWhatIsDifferentNow) {
    call(ReloadConfig{"ticket 4711"});

    EXPECT_EQ(backend_.reloaded,
              (std::vector<event::Requester>{{0, 4711, "sshd.service", "ticket 4711"}}));
    const auto all = replies();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(*decode_reload(all[0].parameters),
              (ReloadReply{{"budget.slot: 5 -> 6"}, {"history.size_mib"}, "one key changed"}));
}

TEST_F(ControlServiceActs, AReloadOfWrongFilesIsAnErrorWithEveryMistake) {
    backend_.mistakes = {"a.toml:1: x", "b.toml:2: y"};

    call(ReloadConfig{"x"});

    const Fault fault = only_fault();
    EXPECT_EQ(fault, Fault(BadConfiguration{{"a.toml:1: x", "b.toml:2: y"}}));
    EXPECT_EQ(to_string(fault),
              "nothing has changed, the configuration has mistakes:\na.toml:1: x\nb.toml:2: y");
}

TEST_F(ControlServiceActs, TheConfigurationIsOfAllOrOfOneSlot) {
    call(GetConfig{});
    call(GetConfig{"5"});

    const auto all = replies();
    ASSERT_EQ(all.size(), 2U);
    ConfigReply expected{"[coordinator]\nlevel = \"fence\"\n", {"/etc/slotd/slotd.toml"}, {}, {}};
    EXPECT_EQ(*decode_config(all[0].parameters), expected);
    expected.port = kPort;
    EXPECT_EQ(*decode_config(all[1].parameters), expected);
}

TEST_F(ControlServiceActs, APlanSaysWhoWouldBeDisturbed) {
    PlanReply plan;
    plan.steps = {"flr"};
    plan.usage.emplace();
    plan.usage->port = kPort;
    plan.in_use = {{policy::UseKind::Swap, {0, 1, 0, 1}, "vda is swap space"}};
    plan.would_refuse = true;
    plan.text = "in use";
    backend_.on_plan = [&](event::RequestId request) { service_.answer({request, plan}); };

    call(PlanReset{"01:00.1", event::ResetMethod::Flr});

    EXPECT_EQ(backend_.planned,
              (std::vector<event::PlanRequested>{{1,
                                                  kPort,
                                                  pci::Address{0, 1, 0, 1},
                                                  event::ResetMethod::Flr,
                                                  {0, 4711, "sshd.service", ""}}}));
    plan.port = kPort;
    plan.function = {0, 1, 0, 1};
    const auto all = replies();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(*decode_plan(all[0].parameters), plan);
}

TEST_F(ControlServiceActs, AnswersGoToTheOneWhoAskedOrToNobody) {
    service_.opened(20, {0, 1, {}, ""});
    call(PlanReset{"5"});
    call(PlanReset{"6"}, false, 20);
    service_.closed(kRoot);

    service_.answer(PlanAnswer{1, {}});
    service_.answer(PlanAnswer{2, {}});
    service_.answer(PlanAnswer{2, {}});
    service_.answer(Answer{2, true, "held", ""});  // an answer of another kind is nobody's

    EXPECT_TRUE(replies().empty());
    ASSERT_EQ(replies(20).size(), 1U);
}

TEST_F(ControlServiceActs, OnewayCallsAreNotWaitedFor) {
    for (const char* const method : {"Hold", "Release"}) {
        (void)service_.received(kRoot, R"({"method":"io.slotd.Coordinator.)"s + method +
                                           R"(","oneway":true,"parameters":)"
                                           R"({"slot":"5","reason":"x"}})"
                                           "\0"s);
    }
    EXPECT_FALSE(service_.waiting(kRoot));
    service_.answer(Answer{1, true, "held", ""});
    service_.answer(Answer{2, true, "released", ""});

    EXPECT_EQ(backend_.held.size(), 1U);
    EXPECT_EQ(backend_.released.size(), 1U);
    EXPECT_TRUE(replies().empty());
}

TEST_F(ControlServiceActs, WhatIsPipelinedBehindAPlanIsAnsweredAfterIt) {
    (void)service_.received(kRoot,
                            encode_call(PlanReset{"5"}, false) + encode_call(GetVersion{}, false));
    EXPECT_TRUE(replies().empty());
    service_.answer(PlanAnswer{1, {}});
    EXPECT_TRUE(service_.has_work(kRoot));
    (void)service_.received(kRoot, "");

    EXPECT_EQ(replies().size(), 2U);
}

TEST_F(ControlServiceActs, AReaderMayPlanAndNothingElse) {
    service_.opened(20, {1000, 1, {300}, ""});
    backend_.on_plan = [&](event::RequestId request) { service_.answer(PlanAnswer{request, {}}); };
    call(PlanReset{"5"}, false, 20);
    EXPECT_FALSE(replies(20).front().fault);

    for (const Method& method : {Method(HoldSlot{"5", {}, "x"}), Method(ReleaseSlot{"5", "x"})}) {
        call(method, false, 20);
        EXPECT_TRUE(std::holds_alternative<NotPermitted>(only_fault(20)));
    }
    EXPECT_TRUE(backend_.held.empty());
    EXPECT_TRUE(backend_.released.empty());
}

TEST_F(ControlServiceActs, SomethingInUseIsAnErrorOfItsOwn) {
    backend_.on_submit = [&](const event::ResetRequested& request) {
        service_.answer(Answer{request.request, false, "in-use", "vda1 is mounted"});
    };
    call(reset(true), true);
    EXPECT_EQ(only_fault(), Fault(InUse{"vda1 is mounted"}));

    backend_.on_submit = nullptr;
    call(reset(true), true);
    EXPECT_EQ(replies().size(), 1U);  // accepted
    service_.answer(Answer{2, false, "in-use", "vda1 is mounted"});
    EXPECT_EQ(only_fault(), Fault(InUse{"vda1 is mounted"}));
}

TEST_F(ControlServiceActs, ForceGoesWithTheRequest) {
    ResetTarget target = reset(false);
    target.force = true;
    call(target);

    EXPECT_TRUE(backend_.submitted.at(0).force);
    EXPECT_FALSE(backend_.submitted.at(0).lent);
}

}  // namespace
}  // namespace slotd::control
