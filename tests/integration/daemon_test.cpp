// slotd as an operator starts it: on a tree of files in place of /sys, with its real slotd-exec.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/program.hpp"
#include "tests/fakes/slotd_on_files.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using fakes::eventually;
using fakes::Program;
using fakes::ProgramRun;
using fakes::run_program;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kPort = "0000:00:1c.0";
constexpr const char* kOtherPort = "0000:00:1d.0";
constexpr uid_t kNobody = 65534;
const std::string kSlotd = SLOTD_BINARY_DIR "/slotd";

struct Daemon : testing::Test, fakes::SlotdOnFiles {
    Daemon() {
        sysfs.root_port(kPort, 1, 5);
        sysfs.card(kPort, "0000:01:00.0");
        sysfs.root_port(kOtherPort, 2, 6);
        sysfs.card(kOtherPort, "0000:02:00.0");
    }

    std::vector<std::string> command_at(const std::string& level,
                                        const std::vector<std::string>& more = {}) const {
        configure("[coordinator]\nlevel = \"" + level + "\"\n");
        return command(more);
    }

    bool at_rest() const { return in_phase(kPort, "idle") && in_phase(kOtherPort, "idle"); }
};

TEST_F(Daemon, ShowsTheSlotsOfItsTreeAndEndsOnSigterm) {
    Program slotd(command_at("fence"));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();

    const ProgramRun list = slotctl({"list", "--json"});
    slotd.signal(SIGTERM);

    EXPECT_THAT(list.out, HasSubstr("\"port\":\"0000:00:1c.0\""));
    EXPECT_THAT(list.out, HasSubstr("\"address\":\"0000:01:00.0\""));
    EXPECT_EQ(slotd.wait(10s), 0) << slotd.error();
}

TEST_F(Daemon, AtLevelExclusiveGivesEverythingBackWhenItEnds) {
    const std::string before = sysfs.config(kPort);
    Program slotd(command_at("exclusive"));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();
    EXPECT_FALSE(sysfs.bound("0000:00:1c.0:pcie004"));

    slotd.signal(SIGTERM);

    EXPECT_EQ(slotd.wait(10s), 0) << slotd.error();
    EXPECT_TRUE(sysfs.bound("0000:00:1c.0:pcie004"));
    EXPECT_EQ(sysfs.config(kPort), before);
}

TEST_F(Daemon, KilledAtLevelExclusiveLeavesNoGateClosed) {
    Program slotd(command_at("exclusive"));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();

    slotd.signal(SIGKILL);
    (void)slotd.wait(10s);

    EXPECT_TRUE(eventually([&] {
        return sysfs.bound("0000:00:1c.0:pcie004") && sysfs.bound("0000:00:1d.0:pcie004");
    }));
}

TEST_F(Daemon, ResetsAFunctionWhenAskedAndPutsItsResetMethodBack) {
    Program slotd(command_at("fence"));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();

    const ProgramRun reset =
        slotctl({"reset", "0000:01:00.0", "--method", "flr", "--reason", "test", "--wait"});

    EXPECT_EQ(reset.code, 0) << reset.error << slotd.error();
    EXPECT_THAT(sysfs.attribute("0000:01:00.0", "reset"), HasSubstr("1"));
    EXPECT_THAT(sysfs.attribute("0000:01:00.0", "reset_method"), HasSubstr("flr bus"));
}

struct HangingDaemon : Daemon {
    /// The best of a few whole resets of the other slot, slotctl's start included: the machine that
    /// runs this test has other things to do as well.
    Duration reset_of_other_slot() const {
        Duration best = 10s;
        for (int attempt = 0; attempt < 5; ++attempt) {
            EXPECT_TRUE(eventually([&] { return in_phase(kOtherPort, "idle"); }));
            const ProgramRun other = slotctl(
                {"reset", kOtherPort, "--method", "bus", "--reason", "other slot", "--wait"});
            EXPECT_EQ(other.code, 0) << other.error;
            best = std::min(best, other.took);
        }
        return best;
    }
};

TEST_F(HangingDaemon, ServesOtherSlotsWithin100MillisecondsWhileOneWorkerHangs) {
    sysfs.hang("bus/pci/devices/0000:01:00.0/reset");
    Program slotd(command_at(
        "observe", {"--executor-argument", "--deadline-max-ms", "--executor-argument", "5000"}));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();
    const Duration before = reset_of_other_slot();

    ASSERT_EQ(slotctl({"reset", kPort, "--method", "bus", "--reason", "hangs"}).code, 0);
    ASSERT_TRUE(eventually([&] { return in_phase(kPort, "resetting"); }));
    const Duration meanwhile = reset_of_other_slot();

    // Under the sanitizers it takes longer than that with nothing hanging.
    EXPECT_LT(meanwhile, std::max<Duration>(100ms, 2 * before));
    EXPECT_TRUE(eventually([&] { return in_phase(kPort, "wedged"); })) << slotd.error();
    EXPECT_THAT(slotd.error(), HasSubstr("wedged in: reset 0000:01:00.0 by bus"));

    (void)sysfs.let_go("bus/pci/devices/0000:01:00.0/reset");
    EXPECT_TRUE(eventually([&] { return in_phase(kPort, "needs-operator"); })) << slotd.error();
}

TEST_F(Daemon, KeepsItsHandsOffAHeldSlotOverARestartUntilItIsReleased) {
    std::optional<Program> slotd(std::in_place, command_at("fence"));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd->error();

    const ProgramRun held = slotctl({"hold", "5", "--for", "2h", "--reason", "changing the card"});
    EXPECT_EQ(held.code, 0) << held.error;
    slotd->signal(SIGTERM);
    EXPECT_EQ(slotd->wait(10s), 0) << slotd->error();
    slotd.emplace(command_at("fence"));
    ASSERT_TRUE(eventually([&] { return in_phase(kPort, "held"); })) << slotd->error();

    EXPECT_THAT(slotctl({"show", "5"}).out, HasSubstr("changing the card"));
    const ProgramRun refused =
        slotctl({"reset", "5", "--method", "reenumerate", "--reason", "x", "--wait"});
    EXPECT_EQ(refused.code, 6) << refused.error;
    EXPECT_THAT(refused.error, HasSubstr("changing the card"));
    const ProgramRun released = slotctl({"release", "5", "--reason", "changed"});
    EXPECT_EQ(released.code, 0) << released.error;
    EXPECT_TRUE(eventually([&] { return at_rest(); }));
}

TEST_F(Daemon, TellsTheDoctorWhatItHasSeenAndHowItIs) {
    folder.write("history", "no directory can be made here");
    Program slotd(command_at("exclusive"));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();
    const std::string before = sysfs.config(kPort);

    const ProgramRun doctor = slotctl({"doctor", "5", "--json"});

    EXPECT_EQ(doctor.code, 2) << doctor.error;
    EXPECT_THAT(doctor.out, HasSubstr("\"kind\":\"history-unusable\""));
    EXPECT_THAT(doctor.out, HasSubstr(" is a tree of files\""));
    // Read by slotd-exec from Slot Capabilities.
    EXPECT_THAT(doctor.out, HasSubstr("\"traits\":{\"hotplug\":true,\"power_controller\":false,"
                                      "\"surprise\":false}"));
    EXPECT_THAT(doctor.out, HasSubstr("\"bound\":[\"aer\"]"));
    EXPECT_THAT(doctor.out, Not(HasSubstr("hotplug-service-unbound"))) << "slotd has unbound it";
    EXPECT_THAT(doctor.out, HasSubstr("\"reset_methods\":[\"flr\",\"bus\"]"));
    EXPECT_EQ(sysfs.config(kPort), before);
}

TEST_F(Daemon, PlansWithoutTouchingAnything) {
    Program slotd(command_at("fence"));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();
    const std::string before = sysfs.config(kPort);

    const ProgramRun plan = slotctl({"plan", "0000:01:00.0", "--method", "flr"});
    const ProgramRun dry_run =
        slotctl({"reset", "0000:01:00.0", "--method", "flr", "--dry-run", "--json"});

    EXPECT_EQ(plan.code, 0) << plan.error;
    EXPECT_THAT(plan.out, HasSubstr("0000:01:00.0 alone, below 0000:00:1c.0"));
    EXPECT_EQ(dry_run.code, 0) << dry_run.error;
    EXPECT_THAT(dry_run.out, HasSubstr("\"function\":\"0000:01:00.0\""));
    EXPECT_EQ(sysfs.config(kPort), before);
    EXPECT_TRUE(at_rest());
}

TEST_F(Daemon, HasOtherRulesForTheSlotsThatARuleFits) {
    const auto words = command_at("fence");
    folder.write("slotd.toml",
                 "[coordinator]\nlevel = \"fence\"\n[budget]\nslot = 3\n[[rule]]\n"
                 "match = { slot = [\"5\"] }\nlevel = \"observe\"\nautomatic_action = true\n");
    Program slotd(words);
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();

    const std::string fitting = slotctl({"show", "5", "--json"}).out;
    const std::string other = slotctl({"show", "6", "--json"}).out;

    EXPECT_THAT(fitting, HasSubstr("\"level\":\"observe\""));
    EXPECT_THAT(fitting, HasSubstr("\"automatic_action\":true"));
    EXPECT_THAT(fitting, HasSubstr("\"budget_left\":3"));
    EXPECT_THAT(other, HasSubstr("\"level\":\"fence\""));
    EXPECT_THAT(other, HasSubstr("\"automatic_action\":false"));
}

TEST_F(Daemon, RefusesASecondInstanceAndTheFirstGoesOn) {
    Program first(command_at("observe"));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << first.error();

    const ProgramRun second = run_program(command_at("observe"));

    EXPECT_EQ(second.code, 5);
    EXPECT_THAT(second.error, HasSubstr("another slotd serves"));
    EXPECT_TRUE(at_rest());
}

TEST_F(Daemon, RestartsSlotdExecWhenItIsKilled) {
    // Each slotd-exec dies at the crash point that closing the first gate reaches.
    Program slotd(command_at(
        "observe", {"--executor-argument", "--crash-at", "--executor-argument", "5",
                    "--executor-argument", "--crash-victim", "--executor-argument", "both"}));

    EXPECT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();
    EXPECT_THAT(slotd.error(), HasSubstr("slotd-exec has ended (signal 9); started another"));
}

TEST_F(Daemon, LooksAtEverythingAfreshWhenItWasStoppedAndGoesOn) {
    Program slotd(command_at("fence"));
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();
    slotd.signal(SIGSTOP);
    EXPECT_THAT(slotd.error(), Not(HasSubstr("did not run")));

    slotd.signal(SIGCONT);

    EXPECT_TRUE(eventually([&] {
        return slotd.error().contains(
            "missed what happened while slotd did not run, looking at every slot afresh");
    })) << slotd.error();
    EXPECT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();
    slotd.signal(SIGTERM);
    EXPECT_EQ(slotd.wait(10s), 0) << slotd.error();
}

TEST_F(Daemon, SaysEveryMistakeOfItsConfigurationAndExitsWith3) {
    folder.write("bad.toml", "[coordinator]\nlevel = \"off\"\nautomatic = true\n");

    const ProgramRun run = run_program({kSlotd, "--config", folder.path("bad.toml")});

    EXPECT_EQ(run.code, 3);
    EXPECT_THAT(run.error, HasSubstr("bad.toml:2: coordinator.level"));
    EXPECT_THAT(run.error, HasSubstr("bad.toml:3: coordinator.automatic"));
}

TEST_F(Daemon, ChecksAConfigurationWithoutStarting) {
    folder.write("good.toml", "[coordinator]\nlevel = \"fence\"\n");

    EXPECT_EQ(run_program({kSlotd, "--check-config", folder.path("good.toml")}).code, 0);
    EXPECT_EQ(run_program({kSlotd, "--check-config", folder.path("missing.toml")}).code, 3);
}

TEST_F(Daemon, ExitsWith2OnAWrongCallAndPointsToTheHelp) {
    const ProgramRun run = run_program({kSlotd, "--levle", "fence"});

    EXPECT_EQ(run.code, 2);
    EXPECT_THAT(run.error, HasSubstr("try 'slotd --help'"));
    EXPECT_EQ(run_program({kSlotd, "--help"}).code, 0);
}

TEST_F(Daemon, ExitsWith4WithoutRoot) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "SKIPPED: only root can become another user";
    }
    // As nobody the build directory may be out of reach; a copy is not.
    fakes::TempDir open_folder;
    const std::string copy = open_folder.path("slotd");
    ASSERT_EQ(run_program({"/bin/cp", kSlotd, copy}).code, 0);
    ASSERT_EQ(run_program({"/bin/chmod", "-R", "a+rx", open_folder.path()}).code, 0);

    const ProgramRun run = run_program({copy}, kNobody);

    EXPECT_EQ(run.code, 4) << run.error;
    EXPECT_THAT(run.error, HasSubstr("must be root"));
}

TEST_F(Daemon, ExitsWith6WhereSysfsShowsNoPci) {
    const fakes::TempDir empty;
    std::vector<std::string> words = command_at("observe");
    *std::ranges::find(words, sysfs.root()) = empty.path();

    const ProgramRun run = run_program(words);

    EXPECT_EQ(run.code, 6);
    EXPECT_THAT(run.error, HasSubstr("PCI"));
}

TEST_F(Daemon, EndsWith0WhereItMayBeIdleAndThereIsNoPort) {
    fakes::FakePciTree no_ports;
    no_ports.endpoint("pci0000:00/0000:00:01.0", "virtio-pci");
    std::vector<std::string> words = command_at("observe", {"--may-be-idle"});
    *std::ranges::find(words, sysfs.root()) = no_ports.root();

    const ProgramRun run = run_program(words);

    EXPECT_EQ(run.code, 0) << run.error;
    EXPECT_THAT(run.error, HasSubstr("nothing to watch"));
}

}  // namespace
}  // namespace slotd
