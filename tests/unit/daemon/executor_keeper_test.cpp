// A slotd-exec that does not do its part, on a real socket in a folder of its own.
#include "daemon/executor_keeper.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "daemon/options.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "os/event_loop.hpp"
#include "os/unique_fd.hpp"
#include "os/unix_address.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::daemon {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

const action::Effect kLook = action::ObserveSlot{{0, 0, 0x1c, 0}};

struct Lines final : engine::RecordSink {
    void write(const action::Record& record) override { texts.push_back(record.text); }

    Texts texts;
};

struct ExecutorKeeperTest : testing::Test {
    ExecutorKeeperTest() {
        options.executor_socket = folder.path("slotd-exec.socket");
        address = os::unix_address(*options.executor_socket).value();
        listener.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0));
        EXPECT_EQ(
            ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener.get(), 0), 0);
        watch =
            loop.watch(keeper.fd(), os::Turn::Completion, [this](os::Ready) { keeper.readable(); })
                .value();
    }

    /// Turns of the loop until it is so; false where that takes more than 10 s.
    template <class Condition>
    bool soon(Condition condition) {
        const Instant end = loop.now() + 10s;
        while (!condition() && loop.now() < end) {
            (void)loop.run_once(100ms);
        }
        return condition();
    }

    os::UniqueFd connection() const {
        return os::UniqueFd{::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK)};
    }

    fakes::TempDir folder;
    Options options;
    sockaddr_un address{};
    os::UniqueFd listener;
    os::EventLoop loop = os::EventLoop::open().value();
    Lines lines;
    std::vector<event::OutcomeKind> outcomes;
    std::vector<event::EffectId> sampled;
    int restarts = 0;
    int losses = 0;
    // As if every effect had been asked for so long ago that 50 ms are left.
    ExecutorKeeper keeper{
        options,
        loop,
        lines,
        {.outcome = [this](event::EffectId,
                           const event::Outcome& outcome) { outcomes.push_back(outcome.kind); },
         .sampled = [this](event::EffectId id, const event::Outcome&) { sampled.push_back(id); },
         .restarted = [this] { ++restarts; },
         .lost = [this] { ++losses; }},
        50ms - action::deadline_of(kLook)};
    os::Watch watch;
};

TEST_F(ExecutorKeeperTest, SaysOnceThatSlotdExecIsSilentAndWhenItAnswersAgain) {
    ASSERT_TRUE(keeper.launch());
    const os::UniqueFd theirs = connection();
    EXPECT_EQ(keeper.problem(), std::nullopt);

    keeper.start(1, kLook);
    keeper.start(2, kLook);
    ASSERT_TRUE(soon([&] { return !lines.texts.empty(); }));

    EXPECT_EQ(lines.texts,
              (Texts{"slotd-exec does not answer, 2 effects wait for it: it is stopped, or hangs; "
                     "nothing is reset until it goes on"}));
    EXPECT_EQ(keeper.problem(), "it does not answer: it is stopped, or hangs");
    EXPECT_TRUE(outcomes.empty()) << "what becomes of it is not known";
    for (const event::EffectId id : {1U, 2U}) {
        const Bytes answer =
            event::encode(event::OutcomeReport{id, {event::OutcomeKind::Done, 0, "", {}}});
        ASSERT_GT(::send(theirs.get(), answer.data(), answer.size(), 0), 0);
    }
    ASSERT_TRUE(soon([&] { return outcomes.size() == 2; }));
    ASSERT_EQ(lines.texts.size(), 2U);
    EXPECT_TRUE(lines.texts.back().starts_with("slotd-exec answers again after "));
    EXPECT_EQ(keeper.problem(), std::nullopt);
}

// A blocking connect() once waited in the loop, without end.
TEST_F(ExecutorKeeperTest, DoesNotWaitForASocketThatIsFullAndConnectsWhenItIsNot) {
    const os::UniqueFd other{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0)};
    ASSERT_EQ(::connect(other.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);

    ASSERT_TRUE(keeper.launch());
    EXPECT_EQ(keeper.problem(), "its socket takes no connection");
    keeper.start(1, kLook);
    ASSERT_TRUE(soon([&] { return !outcomes.empty(); }));
    EXPECT_EQ(outcomes, std::vector{event::OutcomeKind::ExecutorLost});
    EXPECT_EQ(restarts, 0);

    const os::UniqueFd first = connection();
    ASSERT_TRUE(soon([&] { return restarts == 1; }));
    EXPECT_TRUE(connection());
    EXPECT_EQ(keeper.problem(), std::nullopt);
    EXPECT_EQ(losses, 0);
}

}  // namespace
}  // namespace slotd::daemon
