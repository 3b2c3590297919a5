#include "daemon/ctl/command_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/ctl/exit_code.hpp"
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

TEST(CommandLine, UnderstandsEveryVerb) {
    EXPECT_EQ(understood({"list"}), (Invocation{ListCommand{}}));
    EXPECT_EQ(understood({"show", "5"}), (Invocation{ShowCommand{"5"}}));
    EXPECT_EQ(understood({"watch"}), (Invocation{WatchCommand{}}));
    EXPECT_EQ(understood({"version"}), (Invocation{VersionCommand{}}));
    EXPECT_EQ(understood({"reset", "3b:00.0", "--method", "flr", "--reason", "why not", "--wait",
                          "--timeout", "2.5"}),
              (Invocation{ResetCommand{"3b:00.0", event::ResetMethod::Flr, "why not", false, true,
                                       2500ms}}));
    EXPECT_EQ(understood({"reset", "5", "--reason=x", "--dry-run"}),
              (Invocation{ResetCommand{"5", event::ResetMethod::Auto, "x", true, false, {}}}));
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
    EXPECT_TRUE(answered({"reset", "5"}).error.contains("--reason"));
    EXPECT_TRUE(answered({"reset", "5", "--reason", "x", "--method", "sbr"})
                    .error.contains("known: auto, flr, bus, slot, reenumerate"));
}

TEST(CommandLine, HelpsWithExamplesAndExitCodes) {
    const std::string help = answered({"--help"}).out;
    EXPECT_TRUE(help.contains("Examples:"));
    EXPECT_TRUE(help.contains("Exit status:"));
    const Answered reset = answered({"reset", "--help"});
    EXPECT_EQ(reset.code, ExitCode::Ok);
    EXPECT_TRUE(reset.out.contains("reenumerate"));
    EXPECT_TRUE(answered({"--version"}).out.starts_with("slotctl "));
}

}  // namespace
}  // namespace slotd::ctl
