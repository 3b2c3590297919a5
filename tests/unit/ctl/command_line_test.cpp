#include "daemon/ctl/command_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/terminal.hpp"
#include "event/request.hpp"

namespace slotd::ctl {
namespace {

using namespace std::chrono_literals;
using Line = std::vector<std::string>;

Invocation understood(const Line& line) {
    const auto parsed = parse_command_line(line);
    if (const auto* const answered = std::get_if<Answered>(&parsed)) {
        ADD_FAILURE() << answered->error;
        return {};
    }
    return std::get<Invocation>(parsed);
}

Answered answered(const Line& line) {
    const auto parsed = parse_command_line(line);
    const auto* const answer = std::get_if<Answered>(&parsed);
    EXPECT_NE(answer, nullptr);
    return answer == nullptr ? Answered{} : *answer;
}

TEST(CommandLine, SaysWhatIsWrongWithAQuestionToTheHistory) {
    EXPECT_TRUE(
        answered({"history", "--incident", "0x7"}).error.contains("write its 16 hex digits"));
    EXPECT_TRUE(
        answered({"history", "--since", "noon"}).error.contains("write 2h, 7d, 2026-11-26"));
    for (const char* const limit : {"0", "1000", "-1", "many"}) {
        EXPECT_TRUE(
            answered({"history", "--limit", limit}).error.contains("a number from 1 to 999"))
            << limit;
    }
    EXPECT_TRUE(answered({"history", ""}).error.contains("SLOT: write a name"));
}

TEST(CommandLine, TakesColourBeforeAndBehindTheVerb) {
    EXPECT_EQ(understood({"list"}).colour, Colour::Auto);
    EXPECT_EQ(understood({"list", "--color=always"}).colour, Colour::Always);
    EXPECT_EQ(understood({"--color", "never", "list"}).colour, Colour::Never);
    EXPECT_EQ(answered({"list", "--color=blue"}).error,
              "slotctl: --color: \"blue\" is unknown; known: auto, always, never\n"
              "try 'slotctl list --help'\n");
}

TEST(CommandLine, UnderstandsEveryVerb) {
    EXPECT_EQ(understood({"list"}), (Invocation{ListCommand{}}));
    EXPECT_EQ(understood({"show", "5"}), (Invocation{ShowCommand{"5"}}));
    EXPECT_EQ(understood({"watch"}), (Invocation{WatchCommand{}}));
    EXPECT_EQ(understood({"doctor"}), (Invocation{DoctorCommand{}}));
    EXPECT_EQ(understood({"doctor", "5"}), (Invocation{DoctorCommand{"5"}}));
    EXPECT_EQ(understood({"metrics"}), (Invocation{MetricsCommand{}}));
    EXPECT_EQ(understood({"metrics", "--textfile", "/run/slotd.prom"}),
              (Invocation{MetricsCommand{"/run/slotd.prom"}}));
    EXPECT_EQ(understood({"version"}), (Invocation{VersionCommand{}}));
    EXPECT_EQ(understood({"history"}), (Invocation{HistoryCommand{}}));
    EXPECT_EQ(understood({"history", "5", "--incident", "6746f1e000030001", "--since", "2h",
                          "--limit", "7"}),
              (Invocation{HistoryCommand{"5", 0x6746f1e000030001, Since(Duration(2h)), 7}}));
    EXPECT_EQ(understood({"reset", "3b:00.0", "--method", "flr", "--reason", "why not", "--wait",
                          "--timeout", "2.5"}),
              (Invocation{ResetCommand{"3b:00.0", event::ResetMethod::Flr, "why not", false, true,
                                       2500ms}}));
    EXPECT_EQ(
        understood({"reset", "5", "--reason", "x", "--force", "--method", "vfio"}),
        (Invocation{ResetCommand{"5", event::ResetMethod::Vfio, "x", false, false, {}, true}}));
    EXPECT_EQ(understood({"reset", "5", "--dry-run"}),
              (Invocation{ResetCommand{"5", event::ResetMethod::Auto, "", true, false, {}}}));
    EXPECT_EQ(understood({"plan", "5"}), (Invocation{PlanCommand{"5"}}));
    EXPECT_EQ(understood({"plan", "3b:00.0", "--method", "flr"}),
              (Invocation{PlanCommand{"3b:00.0", event::ResetMethod::Flr}}));
    EXPECT_EQ(understood({"hold", "5", "--for", "2h", "--reason", "x"}),
              (Invocation{HoldCommand{"5", 2h, "x"}}));
    EXPECT_EQ(understood({"hold", "5", "--reason", "x"}), (Invocation{HoldCommand{"5", {}, "x"}}));
    EXPECT_EQ(understood({"release", "5", "--reason", "x"}),
              (Invocation{ReleaseCommand{"5", "x"}}));
    EXPECT_EQ(understood({"reset", "5", "--reason=x", "--dry-run"}),
              (Invocation{ResetCommand{"5", event::ResetMethod::Auto, "x", true, false, {}}}));
}

TEST(CommandLine, AReloadNeedsNoReasonAndAConfigNoSlot) {
    EXPECT_EQ(understood({"reload"}), (Invocation{ReloadCommand{"slotctl reload"}}));
    EXPECT_EQ(understood({"reload", "--reason", "x"}), (Invocation{ReloadCommand{"x"}}));
    EXPECT_EQ(understood({"config"}), (Invocation{ConfigCommand{""}}));
    EXPECT_EQ(understood({"config", "5"}), (Invocation{ConfigCommand{"5"}}));
}

TEST(CommandLine, UnderstandsTheVerbsThatReadTheJournal) {
    EXPECT_EQ(understood({"timeline", "last"}), (Invocation{TimelineCommand{"last", {}, {}}}));
    EXPECT_EQ(understood({"timeline", "6B07e5", "--html", "-", "--journal", "/srv/j"}),
              (Invocation{TimelineCommand{"6b07e5", "-", "/srv/j"}}));
    EXPECT_EQ(understood({"replay", "local", "--config", "new.toml"}),
              (Invocation{ReplayCommand{"local", "new.toml"}}));
    const std::string hint = "try 'slotctl timeline --help'\n";
    for (const char* const name : {"", "0x12", "12345678123456789", "first"}) {
        EXPECT_EQ(answered({"timeline", name}).error,
                  "slotctl: INCIDENT: write 1 to 16 hexadecimal digits, or last\n" + hint);
    }
    EXPECT_EQ(answered({"timeline", "last", "--html", "x", "--json"}).error,
              "slotctl: --html and --json: choose one\n" + hint);
    EXPECT_EQ(answered({"replay", "local"}).error,
              "slotctl: --config: name the other configuration's file\n"
              "try 'slotctl replay --help'\n");
}

TEST(CommandLine, TakesJsonAndSocketBeforeAndAfterTheVerb) {
    const Invocation expected{ListCommand{}, "/tmp/s", true};
    EXPECT_EQ(understood({"--json", "--socket", "/tmp/s", "list"}), expected);
    EXPECT_EQ(understood({"list", "--json", "--socket=/tmp/s"}), expected);
}

// One specific line, one hint; not the manual.
TEST(CommandLine, SaysInOneLineWhatIsWrong) {
    const std::vector<std::pair<Line, std::string>> wrong{
        {{}, "slotctl --help"},
        {{"explode"}, "slotctl --help"},
        {{"list", "5"}, "slotctl list --help"},
        {{"show"}, "slotctl show --help"},
        {{"show", ""}, "slotctl show --help"},
        {{"show", "1", "2"}, "slotctl show --help"},
        {{"reset", "5"}, "slotctl reset --help"},
        {{"reset", "--reason", "x"}, "slotctl reset --help"},
        {{"reset", "5", "--reason", ""}, "slotctl reset --help"},
        {{"reset", "5", "--reason", "  "}, "slotctl reset --help"},
        {{"reset", "5", "--reason", std::string(256, 'x')}, "slotctl reset --help"},
        {{"reset", "5", "--reason", "x", "--method", "sbr"}, "slotctl reset --help"},
        {{"reset", "5", "--reason", "x", "--dry-run", "--wait"}, "slotctl reset --help"},
        {{"reset", "5", "--reason", "x", "--timeout", "5"}, "slotctl reset --help"},
        {{"reset", "5", "--reason", "x", "--wait", "--timeout", "soon"}, "slotctl reset --help"},
        {{"reset", "5", "--reason", "x", "--wait", "--timeout", "nan"}, "slotctl reset --help"},
        {{"doctor", ""}, "slotctl doctor --help"},
        {{"doctor", "5", "6"}, "slotctl doctor --help"},
        {{"plan"}, "slotctl plan --help"},
        {{"plan", "5", "--method", "quarantine"}, "slotctl plan --help"},
        {{"plan", "5", "--force"}, "slotctl plan --help"},
        {{"hold", "5"}, "slotctl hold --help"},
        {{"hold", "--reason", "x"}, "slotctl hold --help"},
        {{"hold", "5", "--reason", "x", "--for", "2"}, "slotctl hold --help"},
        {{"hold", "5", "--reason", "x", "--for", ""}, "slotctl hold --help"},
        {{"release", "5"}, "slotctl release --help"},
        {{"release", "", "--reason", "x"}, "slotctl release --help"},
        {{"release", "5", "--reason", "x", "--for", "2h"}, "slotctl release --help"},
        {{"reload", "5"}, "slotctl reload --help"},
        {{"reload", "--reason", ""}, "slotctl reload --help"},
        {{"config", ""}, "slotctl config --help"},
        {{"config", "5", "6"}, "slotctl config --help"},
        {{"watch", "--forever\x1b"}, "slotctl watch --help"},
        {{"list", "watch"}, "slotctl list --help"},
    };
    for (const auto& [line, hint] : wrong) {
        const Answered answer = answered(line);
        EXPECT_EQ(answer.code, ExitCode::Usage) << hint;
        EXPECT_EQ(answer.out, "");
        EXPECT_TRUE(answer.error.starts_with("slotctl: ")) << answer.error;
        EXPECT_TRUE(answer.error.ends_with("\ntry '" + hint + "'\n")) << answer.error;
        EXPECT_EQ(std::count(answer.error.begin(), answer.error.end(), '\n'), 2) << answer.error;
        EXPECT_EQ(answer.error.find('\x1b'), std::string::npos);
    }
    EXPECT_TRUE(answered({"explode"}).error.contains("unknown command \"explode\"; known: list"));
    EXPECT_TRUE(answered({"hold", "5"}).error.contains("--reason: say why"));
    EXPECT_TRUE(answered({"hold", "5", "--reason", "x", "--for", "2"})
                    .error.contains("\"2\" is no time from 1s to 366d; write 90s, 30m, 2h"));
    EXPECT_TRUE(answered({"reset", "5"}).error.contains("--reason"));
    EXPECT_TRUE(answered({"reset", "5", "--reason", "x", "--method", "sbr"})
                    .error.contains("known: auto, flr, bus, slot, vfio, reenumerate"));
}

TEST(CommandLine, HelpsWithExamplesAndExitCodes) {
    const std::string help = answered({"--help"}).out;
    EXPECT_TRUE(help.contains("Examples:"));
    EXPECT_TRUE(help.contains("Exit status:"));
    const Answered reset = answered({"reset", "--help"});
    EXPECT_EQ(reset.code, ExitCode::Ok);
    EXPECT_TRUE(reset.out.contains("reenumerate"));
    for (const char* const verb : {"plan", "hold", "release", "reload", "config"}) {
        EXPECT_TRUE(answered({verb, "--help"}).out.contains("xample")) << verb;
    }
    EXPECT_TRUE(answered({"--version"}).out.starts_with("slotctl "));
}

}  // namespace
}  // namespace slotd::ctl
