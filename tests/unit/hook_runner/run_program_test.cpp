#include "daemon/hook_runner/run_program.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "daemon/hook_runner/serve.hpp"
#include "os/clock.hpp"

namespace slotd::hook_runner {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct Programs : testing::Test {
    Programs() { fs::remove_all(folder), fs::create_directories(folder); }

    ~Programs() override { fs::remove_all(folder); }

    std::string script(const std::string& name, const std::string& text,
                       const std::string& below = "") const {
        const fs::path path = folder / below / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << "#!/bin/sh\n" << text << '\n';
        fs::permissions(path, fs::perms::owner_all);
        return path.string();
    }

    Ended run(const std::string& text, Duration patience = 60s) const {
        return run_program(script("hook", text), "before", {"SLOTD_SLOT=5", "PATH=/usr/bin:/bin"},
                           os::read_clock() + patience);
    }

    fs::path folder = fs::path(testing::TempDir()) /
                      (std::string("slotd-hooks-") +
                       testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(Programs, ThatEndWellAgree) {
    EXPECT_TRUE(run("exit 0").well);
    EXPECT_TRUE(run("test \"$SLOTD_SLOT $1\" = '5 before'").well);
}

TEST_F(Programs, ThatFailObjectWithTheirFirstLine) {
    const Ended said = run("echo the path is in use >&2; echo more; exit 3");
    EXPECT_FALSE(said.well);
    EXPECT_EQ(said.why, "the path is in use");
    EXPECT_EQ(run("exit 3").why, "ended with exit code 3");
    EXPECT_EQ(run("kill -9 $$").why, "was ended by signal 9");
}

TEST_F(Programs, ThatDoNotEndAreKilledWithWhatTheyStarted) {
    EXPECT_EQ(run("sleep 600 & sleep 600", 50ms).why, "did not end in time");
}

TEST_F(Programs, AreNotWaitedForBecauseOfWhatTheyLeaveBehind) {
    EXPECT_TRUE(run("sleep 2 & exit 0").well);
}

TEST_F(Programs, ThatCannotBeRunObject) {
    const Ended ended =
        run_program((folder / "none").string(), "before", {}, os::read_clock() + 1s);
    EXPECT_FALSE(ended.well);
    EXPECT_EQ(ended.why, "cannot be run: No such file or directory");
}

TEST_F(Programs, OfAnEarlierFolderHideTheirNamesakes) {
    const std::string first = script("10-a", "", "etc");
    script("10-a", "", "lib");
    const std::string second = script("20-b", "", "lib");
    script("30-c", "", "lib");
    std::ofstream(folder / "etc" / "30-c") << "not executable: switched off\n";

    EXPECT_EQ(programs_in({(folder / "etc").string(), (folder / "lib").string(), "/nowhere"}),
              (std::vector{first, second}));
}

}  // namespace
}  // namespace slotd::hook_runner
