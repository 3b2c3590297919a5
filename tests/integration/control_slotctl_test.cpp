#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "base/result.hpp"
#include "control/answers.hpp"
#include "control/control_service.hpp"
#include "control/plan_reply.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"
#include "pci/address.hpp"
#include "policy/in_use.hpp"
#include "tests/fakes/control_world.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd {
namespace {

using fakes::Child;
using fakes::ChildResult;
using fakes::ControlWorld;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr uid_t kNobody = 65534;

auto lines_in(const Child& child) {
    const std::string out = child.out();
    return std::count(out.begin(), out.end(), '\n');
}

/// slotctl as an operator starts it, against a world.
class Slotctl : public testing::Test {
protected:
    std::vector<std::string> command(std::vector<std::string> arguments) const {
        std::vector<std::string> words{SLOTD_BINARY_DIR "/slotctl"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        words.insert(words.end(), {"--socket", world_.path});
        return words;
    }

    ChildResult run(std::vector<std::string> arguments) {
        return Child(world_, command(std::move(arguments))).wait();
    }

    void answer_with(bool succeeded, const std::string& outcome) {
        world_.backend.on_submit = [=, this](const event::ResetRequested& request) {
            world_.service.answer(
                control::Answer{request.request, succeeded, outcome, "told \x1b[31myou"});
        };
    }

    ControlWorld world_;
};

TEST_F(Slotctl, ListsAsTreeAndAsJson) {
    const ChildResult tree = run({"list"});
    EXPECT_EQ(tree.exit_code, 0) << tree.error;
    EXPECT_THAT(tree.out, HasSubstr("0000:00:02.0"));
    EXPECT_THAT(tree.out, HasSubstr("0000:01:00.0     e1000e"));
    EXPECT_THAT(tree.out, HasSubstr("8GT/s x1 (of x4)"));
    EXPECT_THAT(tree.out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(run({"list", "--color=always"}).out, HasSubstr("\x1b[32midle"));
    EXPECT_THAT(run({"show", "11"}).error, HasSubstr("0000:03:00.0"));
    EXPECT_THAT(run({"show", "5"}).out, HasSubstr("port and card can do 8.0 GT/s x4\n"));

    const ChildResult json = run({"list", "--json"});
    EXPECT_EQ(json.exit_code, 0);
    EXPECT_TRUE(json.out.starts_with("{\"slots\":[{")) << json.out;
    EXPECT_EQ(json.out.find('\n'), json.out.size() - 1);
}

TEST_F(Slotctl, TellsTheHistory) {
    world_.backend.on_history = [this](event::RequestId request) {
        const history::Row row{
            1, {0, 0, ""}, history::IncidentOpened{7, {0, 0, 2, 0}, "5", "an \x1b error"}};
        world_.service.answer(control::HistoryAnswer{request, std::vector{row, row}});
    };

    const ChildResult text = run({"history", "5", "--since", "2h", "--limit", "1"});
    EXPECT_EQ(text.exit_code, 0) << text.error;
    EXPECT_THAT(text.out, HasSubstr("... older entries are left out\n"));
    EXPECT_THAT(text.out, HasSubstr(" 0000:00:02.0 #0000000000000007 incident opened: an ? error"));
    EXPECT_EQ(world_.backend.histories.at(0).query.port, (pci::Address{0, 0, 2, 0}));
    EXPECT_EQ(world_.backend.histories.at(0).query.limit, 2U);
    EXPECT_TRUE(world_.backend.histories.at(0).query.since_realtime_us);

    const ChildResult json = run({"history", "--incident", "7", "--json"});
    EXPECT_THAT(json.out, HasSubstr("\"time\":\"1970-01-01T00:00:00.000000Z\""));
    EXPECT_EQ(world_.backend.histories.at(1).query.incident, 7U);

    world_.backend.on_history = [this](event::RequestId request) {
        world_.service.answer(
            control::HistoryAnswer{request, failure(ErrorKind::Io, "open history.db")});
    };
    const ChildResult refused = run({"history"});
    EXPECT_EQ(refused.exit_code, 6);
    EXPECT_THAT(refused.error, HasSubstr("the history cannot be read now: failed to open"));
}

TEST_F(Slotctl, ShowsAndTellsVersions) {
    EXPECT_THAT(run({"show", "5"}).out, HasSubstr("phase      idle"));
    EXPECT_THAT(run({"show", "5", "--json"}).out, HasSubstr("{\"slot\":{"));
    const ChildResult version = run({"version"});
    EXPECT_THAT(version.out, HasSubstr("slotctl "));
    EXPECT_THAT(version.out, HasSubstr("slotd 9.9\n"));
}

TEST_F(Slotctl, ChecksForAMonitoringSystem) {
    const ChildResult check = run({"check"});
    EXPECT_EQ(check.exit_code, 0) << check.out;
    EXPECT_THAT(check.out, HasSubstr("SLOTD OK: "));
    EXPECT_EQ(run({"check", "--npd"}).exit_code, 0);
    EXPECT_TRUE(run({"check", "--json"}).out.starts_with("{\"slots\":[{"));

    world_.stop();
    const ChildResult unknown = run({"check"});
    EXPECT_EQ(unknown.exit_code, 3);
    // What became of it, as doctor says it.
    const std::string why = run({"doctor"}).error;
    EXPECT_THAT(why, HasSubstr("slotd.service"));
    EXPECT_THAT(unknown.out, StartsWith("SLOTD UNKNOWN: slotd did not answer; "));
    EXPECT_THAT(why, HasSubstr(unknown.out.substr(unknown.out.find("; ") + 2)));
    EXPECT_THAT(unknown.error, HasSubstr("is slotd running?"));
    EXPECT_EQ(run({"check", "--npd"}).exit_code, 2);
}

TEST_F(Slotctl, PrintsMetricsOrWritesThemAsAWholeOrNotAtAll) {
    EXPECT_EQ(run({"metrics"}).out, "# EOF\n");
    EXPECT_EQ(run({"metrics", "--json"}).out, "{\"text\":\"# EOF\\n\"}\n");
    const fakes::TempDir folder;
    const std::string path = folder.path("slotd.prom");

    EXPECT_EQ(run({"metrics", "--textfile", path}).exit_code, 0);
    EXPECT_EQ(folder.read("slotd.prom"), "# HELP up up\nup 1\n");
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms{0644});

    const ChildResult nowhere = run({"metrics", "--textfile", folder.path("no/slotd.prom")});
    EXPECT_EQ(nowhere.exit_code, 7);
    EXPECT_THAT(nowhere.error, HasSubstr("make a file beside"));
    std::filesystem::create_directory(folder.path("taken.prom"));
    EXPECT_EQ(run({"metrics", "--textfile", folder.path("taken.prom")}).exit_code, 7);
    world_.stop();
    EXPECT_EQ(run({"metrics", "--textfile", path}).exit_code, 4);

    EXPECT_EQ(folder.read("slotd.prom"), "# HELP up up\nup 1\n");
    std::vector<std::string> left;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path(""))) {
        left.push_back(entry.path().filename().string());
    }
    EXPECT_THAT(left, testing::UnorderedElementsAre("slotd.prom", "taken.prom"));
}

TEST_F(Slotctl, Exits2WhenTheLineIsWrong) {
    const ChildResult wrong = run({"reset", "5"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_THAT(wrong.error, HasSubstr("--reason"));
    EXPECT_THAT(wrong.error, HasSubstr("try 'slotctl reset --help'"));
}

TEST_F(Slotctl, Exits3WhenTheNameIsUnknownOrAmbiguous) {
    const ChildResult unknown = run({"show", "55"});
    EXPECT_EQ(unknown.exit_code, 3);
    EXPECT_THAT(unknown.error, HasSubstr("no slot is called \"55\"; nearest: 5"));
    const ChildResult ambiguous = run({"reset", "11", "--reason", "x"});
    EXPECT_EQ(ambiguous.exit_code, 3);
    EXPECT_THAT(ambiguous.error, HasSubstr("0000:03:00.0, 0000:03:01.0"));
    EXPECT_TRUE(world_.backend.submitted.empty());
}

TEST_F(Slotctl, Exits4WhenNobodyAnswers) {
    world_.stop();
    const ChildResult result = run({"list"});
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_THAT(result.error, HasSubstr("is slotd running?"));
}

TEST_F(Slotctl, Exits5WhenTheUserMayNot) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "NOT TESTED: becoming another user needs root";
    }
    // A build tree in a private directory cannot be entered by nobody; a copy can.
    const std::string copy = world_.directory + "/slotctl";
    std::filesystem::copy_file(SLOTD_BINARY_DIR "/slotctl", copy);

    const ChildResult read = Child(world_, {copy, "list", "--socket", world_.path}, kNobody).wait();
    const ChildResult act =
        Child(world_, {copy, "reset", "5", "--reason", "x", "--wait", "--socket", world_.path},
              kNobody)
            .wait();

    EXPECT_EQ(read.exit_code, 5) << read.error;
    EXPECT_THAT(read.error, HasSubstr("not permitted"));
    EXPECT_THAT(read.error, HasSubstr("uid 65534"));
    EXPECT_EQ(act.exit_code, 5) << act.error;
    EXPECT_THAT(act.error, HasSubstr("slotd-admin"));
    EXPECT_TRUE(world_.backend.submitted.empty());
}

TEST_F(Slotctl, ResetsAndSaysHowItEnded) {
    answer_with(true, "recovered");
    const ChildResult recovered = run({"reset", "5", "--reason", "x", "--wait"});
    EXPECT_EQ(recovered.exit_code, 0) << recovered.error;
    EXPECT_THAT(recovered.out, HasSubstr("request 1: reset of 0000:00:02.0 accepted\n"));
    EXPECT_THAT(recovered.out, HasSubstr("recovered: told ?[31myou\n"));

    answer_with(false, "failed");
    EXPECT_EQ(run({"reset", "5", "--reason", "x", "--wait"}).exit_code, 1);
    EXPECT_EQ(run({"reset", "5", "--reason", "x"}).exit_code, 0);  // accepted is all it asked

    answer_with(false, "refused");
    const ChildResult refused = run({"reset", "5", "--reason", "x", "--wait", "--json"});
    EXPECT_EQ(refused.exit_code, 6);
    EXPECT_EQ(refused.out, "");
    EXPECT_THAT(refused.error, HasSubstr("refused: told"));
}

TEST_F(Slotctl, APlanAndADryRunShowTheSame) {
    control::PlanReply plan;
    plan.steps = {"flr:", "  reset \x1b[31m"};
    plan.in_use = {{policy::UseKind::Swap, {0, 1, 0, 1}, "vda is swap space"}};
    plan.would_refuse = true;
    plan.text = "one function is in use";
    world_.backend.on_plan = [=, this](event::RequestId request) {
        world_.service.answer(control::PlanAnswer{request, plan});
    };

    const ChildResult text = run({"plan", "01:00.1", "--method", "flr"});
    EXPECT_EQ(text.exit_code, 0) << text.error;
    EXPECT_THAT(text.out, HasSubstr("0000:01:00.1"));
    EXPECT_THAT(text.out, HasSubstr("vda is swap space"));
    EXPECT_THAT(text.out, HasSubstr("--force"));
    EXPECT_THAT(text.out, Not(HasSubstr("\x1b")));
    EXPECT_EQ(run({"reset", "01:00.1", "--dry-run", "--method", "flr"}).out, text.out);
    EXPECT_EQ(world_.backend.planned.at(0).method, event::ResetMethod::Flr);
    EXPECT_EQ(world_.backend.planned.at(1).function, (pci::Address{0, 1, 0, 1}));

    const ChildResult json = run({"plan", "5", "--json"});
    EXPECT_THAT(json.out, HasSubstr("\"would_refuse\":true"));
    EXPECT_TRUE(world_.backend.submitted.empty());
}

TEST_F(Slotctl, HoldsAndReleases) {
    world_.backend.on_act = [this](event::RequestId request) {
        world_.service.answer(control::Answer{request, true, "held", "done \x1b[31mso"});
    };

    const ChildResult held = run({"hold", "5", "--for", "1h30m", "--reason", "mine"});
    EXPECT_EQ(held.exit_code, 0) << held.error;
    EXPECT_EQ(held.out, "done ?[31mso\n");
    EXPECT_EQ(world_.backend.held.at(0).lasts, std::chrono::minutes(90));
    EXPECT_EQ(world_.backend.held.at(0).requester.reason, "mine");
    EXPECT_EQ(run({"hold", "5", "--reason", "mine"}).exit_code, 0);
    EXPECT_EQ(world_.backend.held.at(1).lasts, std::nullopt);

    const ChildResult released = run({"release", "5", "--reason", "over", "--json"});
    EXPECT_EQ(released.exit_code, 0) << released.error;
    EXPECT_TRUE(released.out.starts_with("{\"port\":\"0000:00:02.0\"")) << released.out;

    world_.backend.on_act = [this](event::RequestId request) {
        world_.service.answer(control::Answer{request, false, "refused", "nobody holds it"});
    };
    const ChildResult refused = run({"release", "5", "--reason", "over"});
    EXPECT_EQ(refused.exit_code, 6);
    EXPECT_THAT(refused.error, HasSubstr("nobody holds it"));
}

TEST_F(Slotctl, Exits9WhenItIsInUseAnd10WhenTheLinkIsDegraded) {
    answer_with(false, "in-use");
    const ChildResult in_use = run({"reset", "5", "--reason", "x", "--wait"});
    EXPECT_EQ(in_use.exit_code, 9);
    EXPECT_THAT(in_use.error, HasSubstr("told ?[31myou"));

    for (const bool succeeded : {true, false}) {
        answer_with(succeeded, "degraded");
        const ChildResult degraded = run({"reset", "5", "--reason", "x", "--wait", "--force"});
        EXPECT_EQ(degraded.exit_code, 10);
        EXPECT_THAT(degraded.out, HasSubstr("degraded: told"));
    }
    EXPECT_FALSE(world_.backend.submitted.front().force);
    EXPECT_TRUE(world_.backend.submitted.back().force);

    answer_with(false, "unknown");
    EXPECT_EQ(run({"reset", "5", "--reason", "x", "--wait"}).exit_code, 7);
}

TEST_F(Slotctl, Exits7WhenTheWaitTimesOutOrSlotdGoesAway) {
    const ChildResult late = run({"reset", "5", "--reason", "x", "--wait", "--timeout", "0.2"});
    EXPECT_EQ(late.exit_code, 7);
    EXPECT_THAT(late.error, HasSubstr("request 1 goes on in slotd"));

    Child orphan(world_, command({"reset", "5", "--reason", "x", "--wait"}));
    ASSERT_TRUE(world_.pump_until([&] { return orphan.out().contains("accepted"); }));
    world_.stop();
    EXPECT_EQ(orphan.wait().exit_code, 7);
}

TEST_F(Slotctl, CtrlCEndsTheWaitAndSaysThatTheResetGoesOn) {
    Child waiting(world_, command({"reset", "5", "--reason", "x", "--wait"}));
    ASSERT_TRUE(world_.pump_until([&] { return waiting.out().contains("accepted"); }));

    waiting.signal(SIGINT);

    const ChildResult result = waiting.wait();
    EXPECT_EQ(result.exit_code, 130);
    EXPECT_THAT(result.error, HasSubstr("request 1 goes on in slotd"));
}

TEST_F(Slotctl, WatchPrintsRecordsUntilCtrlC) {
    Child text(world_, command({"watch"}));
    Child json(world_, command({"watch", "--json"}));
    ASSERT_TRUE(world_.pump_until([&] { return world_.service.subscribers() == 2; }));
    action::Record record;
    record.port = pci::Address{0, 0, 2, 0};
    record.phase = "resetting";
    record.text = "because \x1b[2J";

    world_.service.publish(record);
    world_.service.publish(record);
    ASSERT_TRUE(world_.pump_until([&] { return lines_in(text) == 2 && lines_in(json) == 2; }));
    text.signal(SIGINT);
    json.signal(SIGTERM);

    const ChildResult lines = text.wait();
    EXPECT_EQ(lines.exit_code, 130);
    EXPECT_THAT(lines.out, HasSubstr(" 0000:00:02.0 resetting: because ?[2J\n"));
    const ChildResult objects = json.wait();
    EXPECT_EQ(objects.exit_code, 143);
    EXPECT_TRUE(objects.out.starts_with("{\"record\":{")) << objects.out;
    EXPECT_THAT(objects.out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace slotd
