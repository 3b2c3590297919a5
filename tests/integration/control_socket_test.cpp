#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "control/message.hpp"
#include "tests/fakes/control_world.hpp"

namespace slotd::control {
namespace {

using namespace std::string_literals;
using fakes::ControlWorld;
using fakes::RawClient;
using testing::HasSubstr;
using testing::Optional;

std::string call(const Method& method, bool more = false) {
    return encode_call(method, more);
}

action::Record long_record() {
    action::Record record;
    record.port = pci::Address{0, 0, 2, 0};
    record.text = std::string(8000, 'x');
    return record;
}

/// The daemon goes on: another client is served.
void expect_served(ControlWorld& world) {
    RawClient other(world);
    EXPECT_TRUE(other.write(call(GetVersion{})));
    EXPECT_THAT(other.read(), Optional(HasSubstr("\"9.9\"")));
}

TEST(ControlSocket, AnswersOverARealSocket) {
    ControlWorld world;
    RawClient client(world);

    EXPECT_TRUE(client.write(call(ListSlots{}) + call(GetInfo{})));

    EXPECT_THAT(client.read(), Optional(HasSubstr("0000:00:02.0")));
    EXPECT_THAT(client.read(), Optional(HasSubstr("io.slotd.Coordinator")));
}

TEST(ControlSocket, MalformedJsonIsAnsweredAndEndsTheConnection) {
    ControlWorld world;
    for (const std::string& bytes :
         {"{\"method\":\0"s, "\0\0\0\0\0"s, "\xff\xfe\0"s, "GET / HTTP/1.1\r\n\0"s}) {
        RawClient client(world);
        EXPECT_TRUE(client.write(bytes));
        EXPECT_THAT(client.read(), Optional(HasSubstr("MalformedMessage")));
        EXPECT_TRUE(client.read_end());
    }
    expect_served(world);
}

// The writer of it is told, not cut off: its write works to the end, and then it reads why.
TEST(ControlSocket, AMessageOf16MiBIsAnsweredAndEndsTheConnection) {
    ControlWorld world;
    RawClient client(world);

    EXPECT_TRUE(client.write("{\"method\":\"" + std::string(16 << 20, 'x') + "\"}\0"s));

    EXPECT_THAT(client.read(), Optional(HasSubstr("MessageTooLarge")));
    EXPECT_TRUE(client.read_end());
    expect_served(world);
}

// It is served what fits, others are served at once, and the gap is named when it reads again.
TEST(ControlSocket, ASubscriberThatNeverReadsMissesRecordsAndHoldsUpNobody) {
    ControlWorld world;
    RawClient sleeper(world);
    EXPECT_TRUE(sleeper.write(call(Subscribe{}, true)));
    ASSERT_TRUE(world.pump_until([&] { return world.service.subscribers() == 1; }));

    for (int i = 0; i < 500; ++i) {
        world.service.publish(long_record());
    }
    expect_served(world);

    std::uint64_t seen = 0;
    std::uint64_t missed = 0;
    while (missed == 0 && seen < 500) {
        std::optional<std::string> message = sleeper.read();
        ASSERT_TRUE(message.has_value());
        ++seen;
        missed = decode_record(decode_reply(*message)->parameters)->missed;
        if (seen == 1) {
            // Once there is room again the next record gets through, and says what was lost.
            ASSERT_TRUE(world.pump_until([&] {
                world.service.publish(long_record());
                return true;
            }));
        }
        if (missed == 0) {
            world.service.publish(long_record());
        }
    }
    EXPECT_GT(missed, 0U);
}

TEST(ControlSocket, ACallerThatNeverReadsIsDisconnected) {
    ControlWorld world;
    RawClient sleeper(world);
    std::string calls;
    for (int i = 0; i < 200; ++i) {
        calls += call(ListSlots{});
    }

    const bool closed = world.pump_until([&] {
        return !sleeper.write_some(calls) ||
               (world.socket->clients() == 0 && world.service.connections() == 0);
    });

    EXPECT_TRUE(closed);
    EXPECT_TRUE(world.pump_until([&] { return world.socket->clients() == 0; }));
    expect_served(world);
}

TEST(ControlSocket, ManyClientsThatSayNothingCostTheOthersNothing) {
    ControlWorld world;
    std::vector<std::unique_ptr<RawClient>> idle;
    for (int i = 0; i < 200; ++i) {
        idle.push_back(std::make_unique<RawClient>(world));
        ASSERT_TRUE(world.pump_until([&] { return world.socket->clients() == idle.size(); }));
    }
    EXPECT_TRUE(idle.front()->write("{\"method\":"));

    expect_served(world);

    idle.clear();
    EXPECT_TRUE(world.pump_until([&] { return world.socket->clients() == 0; }));
}

TEST(ControlSocket, TurnsAwayOneClientTooMany) {
    ControlWorld world({.clients = 2, .reserved_for_operators = 0, .strangers = 0});
    RawClient one(world);
    RawClient two(world);
    RawClient three(world);

    EXPECT_THAT(three.read(), Optional(HasSubstr("TooManyClients")));
    EXPECT_TRUE(three.read_end());

    one.close();
    ASSERT_TRUE(world.pump_until([&] { return world.socket->clients() == 1; }));
    expect_served(world);
}

// `printf ... | nc -U` closes its side before it reads.
TEST(ControlSocket, AnswersAClientThatHasClosedItsSide) {
    ControlWorld world;
    RawClient client(world);
    EXPECT_TRUE(client.write_some(call(GetVersion{})));
    client.half_close();

    EXPECT_THAT(client.read(), Optional(HasSubstr("9.9")));
    EXPECT_TRUE(client.read_end());
    EXPECT_TRUE(world.pump_until([&] { return world.socket->clients() == 0; }));
}

TEST(ControlSocket, CarriesOutAOnewayCallOfAClientThatIsGone) {
    ControlWorld world;
    RawClient client(world);
    EXPECT_TRUE(
        client.write_some("{\"method\":\"io.slotd.Coordinator.Reset\",\"oneway\":true,"
                          "\"parameters\":{\"target\":\"5\",\"reason\":\"x\"}}\0"s));
    client.close();

    EXPECT_TRUE(world.pump_until([&] { return !world.backend.submitted.empty(); }));
    EXPECT_TRUE(world.pump_until([&] { return world.socket->clients() == 0; }));
}

TEST(ControlSocket, AResetGoesOnWhenItsClientGoesAway) {
    ControlWorld world;
    RawClient client(world);
    EXPECT_TRUE(client.write(call(ResetTarget{"5", {}, "x", false, true}, true)));
    EXPECT_THAT(client.read(), Optional(HasSubstr("accepted")));
    client.close();
    ASSERT_TRUE(world.pump_until([&] { return world.service.connections() == 0; }));

    world.service.answer(Answer{1, true, "recovered", "back"});

    expect_served(world);
}

// The last reply of a wait lets the call behind it go, without any further byte from the client.
TEST(ControlSocket, GoesOnWithWhatWasPipelinedBehindAWait) {
    ControlWorld world;
    RawClient client(world);
    EXPECT_TRUE(
        client.write(call(ResetTarget{"5", {}, "x", false, true}, true) + call(GetVersion{})));
    EXPECT_THAT(client.read(), Optional(HasSubstr("accepted")));

    world.service.answer(Answer{1, true, "recovered", "back"});

    EXPECT_THAT(client.read(), Optional(HasSubstr("recovered")));
    EXPECT_THAT(client.read(), Optional(HasSubstr("9.9")));
}

TEST(ControlSocket, ServesAThousandPipelinedCallsOfAClientThatReads) {
    ControlWorld world;
    RawClient client(world);
    for (int i = 0; i < 1000; i += 50) {
        std::string calls;
        for (int j = 0; j < 50; ++j) {
            calls += call(GetVersion{});
        }
        ASSERT_TRUE(client.write(calls));
        for (int j = 0; j < 50; ++j) {
            ASSERT_TRUE(client.read().has_value()) << i + j;
        }
    }
}

// The daemon's last records are written after its socket is gone.
TEST(ControlSocket, LeavesTheServiceUsableWhenItGoes) {
    ControlWorld world;
    RawClient client(world);
    EXPECT_TRUE(client.write(call(Subscribe{}, true)));
    ASSERT_TRUE(world.pump_until([&] { return world.service.subscribers() == 1; }));

    world.stop();
    world.service.publish(long_record());

    EXPECT_EQ(world.service.connections(), 0U);
    EXPECT_TRUE(client.read_end());
}

}  // namespace
}  // namespace slotd::control
