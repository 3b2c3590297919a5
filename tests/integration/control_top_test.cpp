#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "action/record.hpp"
#include "control/answers.hpp"
#include "os/control_socket.hpp"
#include "pci/address.hpp"
#include "tests/fakes/control_world.hpp"
#include "tests/fakes/pty_child.hpp"

namespace slotd {
namespace {

using fakes::Child;
using fakes::ChildResult;
using fakes::ControlWorld;
using fakes::PtyChild;
using testing::HasSubstr;

/// xterm's "leave the other screen": what was there before is there again.
constexpr const char* kLeaves = "\x1b[?1049l";

/// `slotctl top` on a terminal, against a world.
class Top : public testing::Test {
protected:
    std::vector<std::string> command(std::vector<std::string> options = {}) const {
        std::vector<std::string> words{SLOTD_BINARY_DIR "/slotctl", "top", "--socket", world_.path};
        words.insert(words.end(), options.begin(), options.end());
        return words;
    }

    void publish(const std::string& text) {
        action::Record record;
        record.port = pci::Address{0, 0, 2, 0};
        record.phase = "resetting";
        record.text = text;
        world_.service.publish(record);
    }

    void open_again() {
        auto opened = os::ControlSocket::open(world_.service, {.path = world_.path});
        ASSERT_TRUE(opened.has_value());
        world_.socket = std::move(*opened);
    }

    bool subscribed() {
        return world_.pump_until([&] { return world_.service.subscribers() == 1; });
    }

    ControlWorld world_;
};

TEST_F(Top, ShowsTheTreeFollowsWhatSlotdDecidesAndPutsTheTerminalBack) {
    PtyChild top(world_, command());
    ASSERT_TRUE(top.shows("0000:03:00.0"));
    EXPECT_TRUE(top.shows("5 slots"));
    EXPECT_TRUE(top.shows("\x1b[32m")) << "idle is green";
    EXPECT_FALSE(top.terminal_restored());
    ASSERT_TRUE(subscribed());

    top.forget();
    world_.backend.machine[0].phase = "resetting";
    publish("the card is reset \x1b]0;x\a");
    EXPECT_TRUE(top.shows("the card is reset ?]0;x?"));
    EXPECT_TRUE(top.shows("1 resetting")) << "the list was asked for again";

    top.type("q");
    EXPECT_EQ(top.wait(), 0);
    EXPECT_THAT(top.written(), HasSubstr(kLeaves));
    EXPECT_TRUE(top.terminal_restored());
}

TEST_F(Top, ShowsOneSlotAndHelpAndFollowsTheSizeOfTheTerminal) {
    PtyChild top(world_, command());
    ASSERT_TRUE(top.shows("0000:03:00.0"));
    top.forget();
    top.type("\r");
    EXPECT_TRUE(top.shows("all open"));
    top.forget();
    top.type("?");
    EXPECT_TRUE(top.shows("ask slotd again"));
    top.type("\x1b");
    top.forget();
    top.resize(10, 40);
    EXPECT_TRUE(top.shows("0000:00:02.0"));
    top.type("q");
    EXPECT_EQ(top.wait(), 0);
    EXPECT_TRUE(top.terminal_restored());
}

TEST_F(Top, PutsTheTerminalBackWhenASignalEndsIt) {
    struct Case {
        int signal;
        int code;
    };

    for (const Case& one : {Case{SIGINT, 130}, Case{SIGTERM, 143}, Case{SIGHUP, 143}}) {
        PtyChild top(world_, command({"--color=never"}));
        ASSERT_TRUE(top.shows("0000:03:00.0"));
        top.signal(one.signal);
        EXPECT_EQ(top.wait(), one.code);
        EXPECT_THAT(top.written(), HasSubstr(kLeaves));
        EXPECT_TRUE(top.terminal_restored());
    }
}

TEST_F(Top, WaitsForASlotdThatIsGoneAndConnectsAgain) {
    PtyChild top(world_, command());
    ASSERT_TRUE(top.shows("0000:03:00.0"));
    ASSERT_TRUE(subscribed());
    world_.stop();
    EXPECT_TRUE(top.shows("slotd is gone, waiting"));

    top.forget();
    open_again();
    ASSERT_TRUE(subscribed());
    EXPECT_TRUE(top.shows("slots"));
    top.type("q");
    EXPECT_EQ(top.wait(), 0);
}

// A plan reads who uses what; on a machine with many processes that takes a while.
TEST_F(Top, OtherVerbsSayOnATerminalThatTheyWait) {
    PtyChild plan(world_, {SLOTD_BINARY_DIR "/slotctl", "plan", "5", "--socket", world_.path});
    ASSERT_TRUE(plan.shows("waiting for slotd, for 30 s at most"));
    control::PlanAnswer answer{world_.backend.planned.at(0).request, {}};
    answer.plan.steps = {"flr"};
    world_.service.answer(answer);
    EXPECT_EQ(plan.wait(), 0);
    EXPECT_THAT(plan.written(), HasSubstr("flr"));
}

TEST_F(Top, RefusesWhereThereIsNoTerminal) {
    const ChildResult refused = Child(world_, command()).wait();
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.error, HasSubstr("top needs a terminal; 'slotctl list'"));
}

TEST_F(Top, SaysBeforeItTakesTheScreenThatNobodyAnswers) {
    world_.stop();
    PtyChild top(world_, command());
    EXPECT_EQ(top.wait(), 4);
    EXPECT_THAT(top.written(), HasSubstr("is slotd running?"));
    EXPECT_TRUE(top.terminal_restored());
}

}  // namespace
}  // namespace slotd
