// slotd is given another configuration while it runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include "tests/fakes/program.hpp"
#include "tests/fakes/slotd_on_files.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using fakes::eventually;
using fakes::Program;
using fakes::ProgramRun;
using fakes::run_program;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kPort = "0000:00:1c.0";
constexpr const char* kService = "0000:00:1c.0:pcie004";

struct DaemonReload : testing::Test, fakes::SlotdOnFiles {
    DaemonReload() {
        sysfs.root_port(kPort, 1, 5);
        sysfs.card(kPort, "0000:01:00.0");
        configure("[coordinator]\nlevel = \"fence\"\n");
    }

    bool shows(const std::string& part) const {
        return slotctl({"show", "5", "--json"}).out.find(part) != std::string::npos;
    }

    bool idle() const { return in_phase("5", "idle"); }
};

TEST_F(DaemonReload, TheSocketMovesTheTokenAndSaysWhatIsDifferent) {
    Program slotd(command());
    ASSERT_TRUE(eventually([&] { return idle(); })) << slotd.error();
    configure("[coordinator]\nlevel = \"exclusive\"\n[budget]\nslot = 3\n");

    const ProgramRun reload = slotctl({"reload", "--reason", "ticket 4711"});

    EXPECT_EQ(reload.code, 0) << reload.error;
    EXPECT_EQ(reload.out, "coordinator.level: \"fence\" -> \"exclusive\"\nbudget.slot: 5 -> 3\n");
    EXPECT_TRUE(eventually([&] { return !sysfs.bound(kService) && idle(); })) << slotd.error();
    EXPECT_TRUE(shows("\"budget_left\":3"));
    EXPECT_THAT(slotd.error(),
                AllOf(HasSubstr("read again from 1 files, by uid"), HasSubstr("ticket 4711"),
                      HasSubstr("level exclusive now, was fence")));
    EXPECT_EQ(slotctl({"reload"}).out, "nothing is different\n");
}

TEST_F(DaemonReload, SighupDoesTheSameAndTheHoldStays) {
    Program slotd(command());
    ASSERT_TRUE(eventually([&] { return idle(); })) << slotd.error();
    ASSERT_EQ(slotctl({"hold", "5", "--reason", "changing the card"}).code, 0);
    configure("[coordinator]\nlevel = \"observe\"\nautomatic_action = true\n");

    slotd.signal(SIGHUP);

    EXPECT_TRUE(eventually([&] { return shows("\"level\":\"observe\""); })) << slotd.error();
    EXPECT_TRUE(shows("\"phase\":\"held\""));
    EXPECT_TRUE(shows("changing the card"));
    EXPECT_THAT(slotd.error(), HasSubstr("read again from 1 files, by SIGHUP: 2 changed"));
}

TEST_F(DaemonReload, FilesWithMistakesChangeNothingAndAllMistakesAreTold) {
    Program slotd(command());
    ASSERT_TRUE(eventually([&] { return idle(); })) << slotd.error();
    configure("[coordinator]\nlevel = \"exclusive\"\nsteps = 5\n[budget]\nslots = 1\n");

    const ProgramRun reload = slotctl({"reload"});
    slotd.signal(SIGHUP);

    EXPECT_EQ(reload.code, 6);
    EXPECT_THAT(reload.error, AllOf(HasSubstr("nothing has changed"),
                                    HasSubstr("slotd.toml:3: coordinator.steps: "),
                                    HasSubstr("slotd.toml:5: budget.slots: unknown key")));
    EXPECT_TRUE(eventually([&] {
        return slotd.error().find("to be read again, by SIGHUP: it has mistakes") !=
               std::string::npos;
    }));
    EXPECT_THAT(slotd.error(), HasSubstr("slotd.toml:3: coordinator.steps: "));
    EXPECT_TRUE(shows("\"level\":\"fence\""));
    EXPECT_TRUE(sysfs.bound(kService));
}

TEST_F(DaemonReload, WhatWaitsForARestartIsSaid) {
    Program slotd(command());
    ASSERT_TRUE(eventually([&] { return idle(); })) << slotd.error();
    configure("[history]\nsize_mib = 32\n");

    const ProgramRun reload = slotctl({"reload"});

    EXPECT_EQ(reload.out, "history.size_mib: 64 -> 32, takes effect after a restart\n");
    EXPECT_THAT(slotctl({"config"}).out, HasSubstr("size_mib = 64"));
}

TEST_F(DaemonReload, TheConfigurationInForceReadsBack) {
    configure(
        "[coordinator]\nsoak_ms = 7\n[[rule]]\nname = 'five'\nmatch = { slot = ['5'] }\n"
        "level = 'observe'\n");
    Program slotd(command());
    ASSERT_TRUE(eventually([&] { return idle(); })) << slotd.error();

    const ProgramRun config = slotctl({"config"});
    const ProgramRun slot = slotctl({"config", "5"});
    folder.write("again.toml", config.out);

    EXPECT_THAT(config.out, AllOf(HasSubstr("soak_ms = 7  # " + folder.path("slotd.toml") + ":2"),
                                  HasSubstr("verification_ms = 5000\n")));
    EXPECT_EQ(
        run_program({SLOTD_BINARY_DIR "/slotd", "--check-config", folder.path("again.toml")}).code,
        0);
    EXPECT_THAT(slot.out, AllOf(HasSubstr("# 0000:00:1c.0\n# rule \"five\"\n[coordinator]\n"),
                                HasSubstr("level = \"observe\"\n"), HasSubstr("soak_ms = 7\n")));
    EXPECT_THAT(slotctl({"config", "5", "--json"}).out, HasSubstr("\"rules\":[\"five\"]"));
}

}  // namespace
}  // namespace slotd
