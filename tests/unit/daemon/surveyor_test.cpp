// A survey service on a real socket in a folder of its own, in a real loop.
#include "daemon/surveyor.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "action/effect_wire.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "event/usage.hpp"
#include "os/event_loop.hpp"
#include "os/unique_fd.hpp"
#include "os/unix_address.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::daemon {
namespace {

using namespace std::chrono_literals;

constexpr pci::Address kPort{0, 0, 0x1c, 0};

/// What slotd-exec is asked.
struct Others final : engine::Executor {
    void start(event::EffectId /*id*/, const action::Effect& effect) override {
        asked.push_back(action::to_string(effect));
    }

    std::vector<std::string> asked;
};

/// What the service does with a request.
enum class Does : std::uint8_t { Answer, Ignore, End };

struct SurveyorTest : testing::Test {
    /// Listens as systemd does; each connection is served by what stands for a process.
    void listen() {
        listener = os::UniqueFd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0)};
        const auto address = os::unix_address(path).value();
        ASSERT_EQ(
            ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ASSERT_EQ(::listen(listener.get(), 8), 0);
        watches.push_back(
            loop.watch(listener.get(), os::Turn::Client, [this](os::Ready) { accept_one(); })
                .value());
    }

    void accept_one() {
        os::UniqueFd peer{::accept(listener.get(), nullptr, nullptr)};
        watches.push_back(loop.watch(peer.get(), os::Turn::Client,
                                     [this, at = peers.size()](os::Ready) { serve(at); })
                              .value());
        peers.push_back(std::move(peer));
    }

    void serve(std::size_t at) {
        std::array<std::uint8_t, action::kDatagramBytesMax> datagram{};
        const ssize_t got = ::recv(peers[at].get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
        if (got > 0 && does == Does::Answer) {
            const auto request = action::decode_effect_request(
                std::span(datagram.data(), static_cast<std::size_t>(got)));
            const Bytes report = event::encode(event::OutcomeReport{request->id, used});
            (void)::send(peers[at].get(), report.data(), report.size(), 0);
        } else if (got == 0 || does == Does::End) {
            watches.erase(watches.begin() + 1 + static_cast<std::ptrdiff_t>(at));
            watches.insert(watches.begin() + 1 + static_cast<std::ptrdiff_t>(at), os::Watch());
            peers[at].reset();
        }
    }

    Surveyor surveyor(Duration patience = 60s) {
        return Surveyor(
            path, others, loop,
            [this](event::EffectId id, const event::Outcome& outcome) {
                outcomes.emplace_back(id, outcome);
            },
            patience);
    }

    std::string answer_to(Surveyor& surveyor, event::EffectId id) {
        outcomes.clear();
        surveyor.start(id, action::SurveyUse{kPort});
        EXPECT_TRUE(outcomes.empty()) << "not from within start()";
        for (int turn = 0; turn < 100 && outcomes.empty(); ++turn) {
            (void)loop.run_once(1s);
        }
        return outcomes.size() == 1 && outcomes[0].first == id ? outcomes[0].second.to_string()
                                                               : "no answer, or another's";
    }

    fakes::TempDir folder;
    std::string path = folder.path("survey");
    os::EventLoop loop = os::EventLoop::open().value();
    os::UniqueFd listener;
    std::vector<os::UniqueFd> peers;
    std::vector<os::Watch> watches;
    Others others;
    Does does = Does::Answer;
    event::Outcome used{event::OutcomeKind::Done, 0, "", std::nullopt,
                        event::Usage{kPort, {}, {}, 0, {}}};
    std::vector<std::pair<event::EffectId, event::Outcome>> outcomes;
};

TEST_F(SurveyorTest, AsksTheServiceForSurveysAndSlotdExecForEverythingElse) {
    listen();
    Surveyor asked = surveyor();
    ASSERT_TRUE(asked.open());

    asked.start(1, action::RaiseFence{kPort});

    EXPECT_EQ(others.asked, std::vector<std::string>{action::to_string(action::RaiseFence{kPort})});
    EXPECT_EQ(answer_to(asked, 2), "done");
    EXPECT_EQ(outcomes[0].second, used);
    EXPECT_EQ(answer_to(asked, 3), "done");
    EXPECT_EQ(peers.size(), 1U) << "one connection for all";
}

TEST_F(SurveyorTest, WithoutAServiceSlotdExecMakesTheSurveys) {
    Surveyor asked(std::nullopt, others, loop,
                   [](event::EffectId, const event::Outcome&) { ADD_FAILURE(); });
    ASSERT_TRUE(asked.open());

    asked.start(1, action::SurveyUse{kPort});

    EXPECT_EQ(others.asked, std::vector<std::string>{action::to_string(action::SurveyUse{kPort})});
}

TEST_F(SurveyorTest, AServiceThatIsAwayFailsTheSurveyAndIsAskedAgainByTheNext) {
    Surveyor asked = surveyor();
    ASSERT_TRUE(asked.open()) << "slotd starts without it";

    EXPECT_EQ(answer_to(asked, 1),
              "refused: failed to connect to " + path + ": No such file or directory");
    listen();
    EXPECT_EQ(answer_to(asked, 2), "done");
}

TEST_F(SurveyorTest, AServiceThatEndsFailsTheSurveyAndIsStartedAgainByTheNext) {
    listen();
    Surveyor asked = surveyor();
    ASSERT_TRUE(asked.open());
    does = Does::End;

    EXPECT_EQ(answer_to(asked, 1), "refused: slotd-survey ended before it answered");
    does = Does::Answer;
    EXPECT_EQ(answer_to(asked, 2), "done");
    EXPECT_EQ(peers.size(), 2U);
}

TEST_F(SurveyorTest, AServiceThatHangsIsLeftBehindAndTheNextSurveyGetsAnother) {
    listen();
    // Its own deadline is cut away: the test waits for no clock.
    Surveyor asked = surveyor(1ms - action::deadline_of(action::SurveyUse{}));
    ASSERT_TRUE(asked.open());
    does = Does::Ignore;

    EXPECT_EQ(answer_to(asked, 1),
              "refused: slotd-survey has not answered within 1 ms and is left behind");
    EXPECT_TRUE(others.asked.empty());
    for (int turn = 0; turn < 10 && peers[0]; ++turn) {
        (void)loop.run_once(1s);
    }
    EXPECT_FALSE(peers[0]) << "the connection is closed: it ends when it comes back";
}

}  // namespace
}  // namespace slotd::daemon
