#include "control/control_service.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "control/message.hpp"
#include "event/request.hpp"
#include "metrics/exposition.hpp"
#include "tests/fakes/fake_backend.hpp"
#include "tests/unit/control/service_test.hpp"

namespace slotd::control {
namespace {

using namespace std::string_literals;
using ControlServiceTest = ServiceTest;

constexpr pci::Address kPort{0, 0, 2, 0};

TEST_F(ControlServiceTest, ListsAndShows) {
    call(ListSlots{});
    call(ShowSlot{"0000:01:00.1"});

    const auto all = replies();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(*decode_slots(all[0].parameters), SlotsReply{backend_.machine});
    EXPECT_EQ(*decode_slot(all[1].parameters), SlotReply{backend_.machine.front()});
}

TEST_F(ControlServiceTest, IntroducesItself) {
    call(GetInfo{});
    call(GetInterfaceDescription{"io.slotd.Coordinator"});
    call(GetInterfaceDescription{"io.example.Other"});
    call(GetVersion{});

    const auto all = replies();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_TRUE(all[0].parameters.contains("io.slotd.Coordinator"));
    EXPECT_TRUE(all[1].parameters.contains("method Subscribe()"));
    EXPECT_EQ(all[2].fault, Fault(InterfaceNotFound{"io.example.Other"}));
    EXPECT_EQ(decode_version(all[3].parameters)->version, "1.2");
}

TEST_F(ControlServiceTest, TellsMetricsInTheFormatThatIsAskedFor) {
    call(GetMetrics{});
    call(GetMetrics{metrics::Format::Prometheus});

    const auto all = replies();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(decode_metrics(all[0].parameters)->text, "# EOF\n");
    EXPECT_EQ(decode_metrics(all[1].parameters)->text, "# HELP up up\nup 1\n");
}

TEST_F(ControlServiceTest, AnswersUnknownAndAmbiguousNames) {
    call(ShowSlot{"55"});
    EXPECT_TRUE(std::holds_alternative<NoSuchSlot>(only_fault()));
    call(ShowSlot{"11"});
    EXPECT_EQ(only_fault(), Fault(AmbiguousSlot{"11", {"0000:03:00.0", "0000:03:01.0"}}));
}

TEST_F(ControlServiceTest, SubmitsAResetWithWhoAskedAndWhy) {
    call(ResetTarget{"0000:01:00.1", event::ResetMethod::Flr, "ticket\n4711", false, false});

    EXPECT_EQ(backend_.submitted, (std::vector<event::ResetRequested>{
                                      {.request = 1,
                                       .port = kPort,
                                       .function = pci::Address{0, 1, 0, 1},
                                       .method = event::ResetMethod::Flr,
                                       .requester = {0, 4711, "sshd.service", "ticket?4711"}}}));
    EXPECT_EQ(reset_states(), std::vector{ResetState::Accepted});
}

TEST_F(ControlServiceTest, ADryRunSubmitsNothing) {
    call(ResetTarget{"5", event::ResetMethod::Auto, "what if", true, false});

    const auto all = replies();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(decode_reset(all[0].parameters)->plan.front(), "reset slot of 0000:00:02.0");
    EXPECT_TRUE(backend_.submitted.empty());
}

TEST_F(ControlServiceTest, ShowsTheProgressOfItsSlotAndIncidentOnly) {
    call(reset(true), true);
    service_.publish(record_of({0, 0, 3, 0}));
    service_.publish(record_of({0, 0, 3, 0}, 9));
    service_.publish(record_of(kPort, 9));
    service_.publish(record_of({0, 0, 3, 0}, 9));
    service_.answer(Answer{1, true, "recovered", "back"});
    service_.publish(record_of(kPort, 9));

    EXPECT_EQ(reset_states(), (std::vector{ResetState::Accepted, ResetState::Progress,
                                           ResetState::Progress, ResetState::Finished}));
    EXPECT_FALSE(service_.waiting(kRoot));
}

// Varlink allows several replies only to a call with `more`.
TEST_F(ControlServiceTest, WithoutMoreAWaitHasOneReply) {
    call(reset(true), false);
    service_.publish(record_of(kPort, 9));
    EXPECT_TRUE(replies().empty());

    service_.answer(Answer{1, false, "failed", "still dead"});

    const auto all = replies();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(decode_reset(all[0].parameters)->end, (ResetEnd{false, "failed", "still dead"}));
}

TEST_F(ControlServiceTest, ARefusalIsAnErrorWheneverItComes) {
    call(reset(true), true);
    (void)replies();
    service_.answer(Answer{1, false, "refused", "in use"});
    EXPECT_EQ(only_fault(), Fault(Refused{"in use"}));

    backend_.on_submit = [&](const event::ResetRequested& request) {
        service_.answer(Answer{request.request, false, "refused", "held"});
    };
    for (const bool wait : {false, true}) {
        call(reset(wait), wait);
        EXPECT_EQ(only_fault(), Fault(Refused{"held"}));
        EXPECT_FALSE(service_.waiting(kRoot));
    }
}

// A reset can be over before submit() returns; the replies still come in their order.
TEST_F(ControlServiceTest, TakesAnAnswerAndRecordsFromWithinSubmit) {
    backend_.on_submit = [&](const event::ResetRequested& request) {
        service_.publish(record_of(kPort, 3));
        service_.answer(Answer{request.request, true, "recovered", "at once"});
    };

    call(reset(true), true);

    const auto all = replies();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(decode_reset(all[0].parameters)->state, ResetState::Accepted);
    EXPECT_EQ(decode_reset(all[1].parameters)->state, ResetState::Progress);
    EXPECT_EQ(decode_reset(all[2].parameters)->state, ResetState::Finished);
    EXPECT_FALSE(all[2].continues);
}

TEST_F(ControlServiceTest, AnswersNobodyWaitsForAreDropped) {
    service_.answer(Answer{99, true, "recovered", "?"});
    call(reset(true), true);
    service_.closed(kRoot);
    (void)replies();

    service_.answer(Answer{1, true, "recovered", "!"});

    EXPECT_TRUE(replies().empty());
}

TEST_F(ControlServiceTest, FansRecordsOutAndSaysHowManyWereMissed) {
    call(Subscribe{}, true);
    service_.publish(record_of(kPort));
    sink_.full = {kRoot};
    service_.publish(record_of(kPort));
    service_.publish(record_of(kPort));
    sink_.full = {};
    service_.publish(record_of(kPort));
    service_.publish(record_of(kPort));

    const auto all = replies();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(decode_record(all[0].parameters)->missed, 0U);
    EXPECT_EQ(decode_record(all[1].parameters)->missed, 2U);
    EXPECT_EQ(decode_record(all[2].parameters)->missed, 0U);
    EXPECT_TRUE(all[2].continues);
}

TEST_F(ControlServiceTest, SubscribingNeedsMore) {
    call(Subscribe{}, false);

    EXPECT_EQ(only_fault(), Fault(ExpectedMore{}));
    EXPECT_EQ(service_.subscribers(), 0U);
}

TEST_F(ControlServiceTest, OnewayCallsAreCarriedOutWithoutAnyReply) {
    (void)service_.received(kRoot, R"({"method":"io.slotd.Coordinator.Reset","oneway":true,)"
                                   R"("parameters":{"target":"5","reason":"x","wait":true}})"
                                   "\0"s);
    (void)service_.received(kRoot, "{\"method\":\"io.slotd.Coordinator.Show\",\"oneway\":true}\0"s);

    EXPECT_EQ(backend_.submitted.size(), 1U);
    EXPECT_TRUE(replies().empty());
    EXPECT_FALSE(service_.waiting(kRoot));
}

TEST_F(ControlServiceTest, WhatIsPipelinedBehindAWaitIsAnsweredAfterIt) {
    const std::string both = encode_call(reset(true), true) + encode_call(GetVersion{}, false);
    (void)service_.received(kRoot, both);
    EXPECT_EQ(replies().size(), 1U);
    EXPECT_FALSE(service_.has_work(kRoot));

    service_.answer(Answer{1, true, "recovered", "back"});
    EXPECT_TRUE(service_.has_work(kRoot));
    (void)service_.received(kRoot, "");

    const auto all = replies();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(decode_version(all[1].parameters).has_value());
}

TEST_F(ControlServiceTest, WhatPilesUpBehindAWaitIsBounded) {
    call(Subscribe{}, true);
    for (int i = 0; i < 3 && !sink_.hung_up.contains(kRoot); ++i) {
        (void)service_.received(kRoot, std::string(30000, 'x'));
    }

    EXPECT_TRUE(sink_.hung_up.contains(kRoot));
    EXPECT_EQ(only_fault(), Fault(MessageTooLarge{kCallBytesMax}));
    EXPECT_EQ(service_.subscribers(), 0U);
}

// One client's thousand calls must not hold up the others.
TEST_F(ControlServiceTest, HandlesABoundedNumberOfCallsInOneTurn) {
    std::string many;
    for (int i = 0; i < 20; ++i) {
        many += encode_call(GetVersion{}, false);
    }

    EXPECT_EQ(service_.received(kRoot, many), ControlService::Turn::More);
    EXPECT_EQ(replies().size(), 8U);
    EXPECT_EQ(service_.received(kRoot, ""), ControlService::Turn::More);
    EXPECT_EQ(service_.received(kRoot, ""), ControlService::Turn::Done);
    EXPECT_EQ(replies().size(), 12U);
}

TEST_F(ControlServiceTest, HangsUpOnWhatIsNoMessage) {
    (void)service_.received(kRoot, "\0\0\0\0"s);

    EXPECT_TRUE(std::holds_alternative<MalformedMessage>(only_fault()));
    EXPECT_TRUE(sink_.hung_up.contains(kRoot));

    call(GetVersion{});
    EXPECT_TRUE(replies().empty());
}

TEST_F(ControlServiceTest, HangsUpOnAMessageThatIsTooLong) {
    (void)service_.received(kRoot, std::string(kCallBytesMax + 1, ' '));

    EXPECT_EQ(only_fault(), Fault(MessageTooLarge{kCallBytesMax}));
    EXPECT_TRUE(sink_.hung_up.contains(kRoot));
}

TEST_F(ControlServiceTest, TellsWhoMayNotWhatIsNeeded) {
    service_.opened(20, {1000, 1, {300}, ""});
    service_.opened(30, {65534, 1, {65534}, ""});

    call(reset(false), false, 20);
    EXPECT_EQ(only_fault(20),
              Fault(NotPermitted{"io.slotd.Coordinator.Reset needs root or group slotd-admin, and "
                                 "this is uid 1000"}));
    call(ListSlots{}, false, 30);
    EXPECT_EQ(only_fault(30),
              Fault(NotPermitted{"io.slotd.Coordinator.List needs root or group slotd "
                                 "or slotd-admin, and this is uid 65534"}));
    call(GetInfo{}, false, 30);
    EXPECT_FALSE(replies(30).front().fault);
    EXPECT_TRUE(backend_.submitted.empty());
}

TEST_F(ControlServiceTest, KeepsRoomForOperators) {
    ControlService small(backend_,
                         {.version = "",
                          .groups = {300, 301},
                          .limits = {.clients = 4, .reserved_for_operators = 1, .strangers = 1}});
    small.connect(sink_);
    const Peer reader{1000, 1, {300}, ""};
    const Peer stranger{1000, 1, {}, ""};
    small.opened(1, stranger);
    small.opened(2, stranger);  // one stranger at most
    EXPECT_EQ(sink_.hung_up, (std::set<ConnectionId>{2}));
    small.closed(2);
    small.opened(3, reader);
    small.opened(4, reader);
    small.opened(5, reader);  // the last place is for an operator
    EXPECT_EQ(sink_.hung_up, (std::set<ConnectionId>{2, 5}));
    EXPECT_EQ(only_fault(5), Fault(TooManyClients{}));
    small.closed(5);
    small.opened(6, {0, 1, {}, ""});
    small.opened(7, {0, 1, {}, ""});
    EXPECT_EQ(sink_.hung_up, (std::set<ConnectionId>{2, 5, 7}));
}

}  // namespace
}  // namespace slotd::control
