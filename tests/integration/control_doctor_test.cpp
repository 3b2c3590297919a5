#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "event/observation.hpp"
#include "pci/address.hpp"
#include "tests/fakes/control_world.hpp"
#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/program.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd {
namespace {

using fakes::Child;
using fakes::ChildResult;
using testing::HasSubstr;
using testing::Not;

/// slotctl doctor against a world whose machine is a tree of files: the slot of 0000:00:02.0 with
/// two functions, and no other port that slotd knows.
class SlotctlDoctor : public testing::Test {
protected:
    SlotctlDoctor() {
        tree_.bridge("pci0000:00/0000:00:02.0", 1, 1);
        tree_.service("pci0000:00/0000:00:02.0", "pcie002", "aer");
        tree_.service("pci0000:00/0000:00:02.0", "pcie004", "pciehp");
        tree_.attribute("pci0000:00/0000:00:02.0", "aer_dev_fatal", "TOTAL_ERR_FATAL 0\n");
        tree_.endpoint("pci0000:00/0000:00:02.0/0000:01:00.0", "e1000e");
        tree_.attribute("pci0000:00/0000:00:02.0/0000:01:00.0", "reset_method", "flr\n");
        world_.backend.machine.front().link->width = 4;  // as wide as it can be
        world_.backend.notes.daemon.version = "9.9";
        world_.backend.notes.daemon.sysfs = tree_.root();
        world_.backend.notes.daemon.automatic_action = true;
        world_.backend.notes.slots = {
            {.port = {0, 0, 2, 0}, .traits = event::SlotTraits{.hotplug = true, .surprise = true}}};
    }

    ChildResult run(std::vector<std::string> arguments) {
        std::vector<std::string> words{SLOTD_BINARY_DIR "/slotctl", "doctor"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        words.insert(words.end(), {"--socket", world_.path});
        return Child(world_, words).wait();
    }

    fakes::FakePciTree tree_;
    fakes::ControlWorld world_;
};

TEST_F(SlotctlDoctor, ExaminesOneSlotWithWhatSlotdAndSysfsSay) {
    const ChildResult result = run({"5"});

    EXPECT_EQ(result.exit_code, 0) << result.out << result.error;
    EXPECT_THAT(result.out, HasSubstr("machine: OK: slotd 9.9 is at work on 5 slots"));
    EXPECT_THAT(result.out, HasSubstr("0000:00:02.0 (slot 5): OK: level fence, best effort"));
    EXPECT_THAT(result.out, HasSubstr("services   bound: aer, pciehp; not there: dpc"));
    EXPECT_THAT(result.out, HasSubstr("function   0000:01:00.0 e1000e, resets: flr, "));
    EXPECT_THAT(result.out, HasSubstr("[not-exclusive]"));
    EXPECT_THAT(result.out, Not(HasSubstr("0000:00:03.0")));
    EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
}

TEST_F(SlotctlDoctor, ExitsWithTheWorstThatItHasFound) {
    const ChildResult warned = run({});  // sysfs does not show the other ports
    EXPECT_EQ(warned.exit_code, 1) << warned.out;
    EXPECT_THAT(warned.out, HasSubstr("0000:00:03.0 (slot 6): WARNING: port-gone; 1 warning"));
    EXPECT_EQ(std::ranges::count(warned.out, '\n') > 20, true);

    tree_.files().remove("devices/pci0000:00/0000:00:02.0/0000:00:02.0:pcie002/driver");
    const ChildResult critical = run({"5"});
    EXPECT_EQ(critical.exit_code, 2) << critical.out;
    EXPECT_THAT(critical.out, HasSubstr("echo 0000:00:02.0:pcie002 >"));
}

TEST_F(SlotctlDoctor, TellsOfADriverThatWasNotAsked) {
    world_.backend.notes.slots.front().unasked = {{{0, 1, 0, 0}, "e1000e"}};

    const ChildResult result = run({"5"});

    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.out, HasSubstr("WARNING: driver-without-callbacks; "));
}

TEST_F(SlotctlDoctor, PrintsOneObjectAsJson) {
    const ChildResult result = run({"5", "--json"});

    EXPECT_EQ(result.exit_code, 0);
    EXPECT_TRUE(result.out.starts_with("{\"machine\":{")) << result.out;
    EXPECT_EQ(result.out.find('\n'), result.out.size() - 1);
    EXPECT_THAT(result.out, HasSubstr("\"reset_methods\":[\"flr\"]"));
    EXPECT_THAT(result.out, HasSubstr("\"kind\":\"not-exclusive\""));
    EXPECT_THAT(result.out, HasSubstr("\"traits\":{\"hotplug\":true,"));
}

TEST_F(SlotctlDoctor, WithoutAnythingToExamineItExitsAsEveryVerb) {
    EXPECT_EQ(run({"55"}).exit_code, 3);
    EXPECT_THAT(run({"11"}).error, HasSubstr("0000:03:00.0, 0000:03:01.0"));
    world_.stop();
    const ChildResult unreachable = run({});
    EXPECT_EQ(unreachable.exit_code, 4);
    EXPECT_THAT(unreachable.error, HasSubstr("is slotd running?"));
}

// Whoever asks the doctor does not want to hear only that there is none.
TEST_F(SlotctlDoctor, WithoutSlotdItSaysWhatSystemdKnowsOfIt) {
    const fakes::TempDir path;
    path.write("systemctl",
               "#!/bin/sh\n[ \"$1 $4\" = 'show slotd.service' ] || exit 1\n"
               "printf 'LoadState=loaded\\nActiveState=failed\\nResult=start-limit-hit\\n'\n");
    std::filesystem::permissions(path.path("systemctl"), std::filesystem::perms::owner_all);
    world_.stop();

    const fakes::ProgramRun run =
        fakes::run_program({"/usr/bin/env", "PATH=" + path.path() + ":/usr/bin:/bin",
                            SLOTD_BINARY_DIR "/slotctl", "doctor", "--socket", world_.path});

    EXPECT_EQ(run.code, 4);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.error, HasSubstr("slotd.service has failed (start-limit-hit)"));
    EXPECT_THAT(run.error, HasSubstr("systemctl reset-failed slotd.service"));
}

TEST_F(SlotctlDoctor, WithoutSlotdAndWithoutSystemdItSaysThat) {
    world_.stop();

    const fakes::ProgramRun run =
        fakes::run_program({"/usr/bin/env", "PATH=/nowhere", SLOTD_BINARY_DIR "/slotctl", "doctor",
                            "--socket", world_.path});

    EXPECT_EQ(run.code, 4);
    EXPECT_THAT(run.error, HasSubstr("systemd says nothing of slotd.service here"));
}

}  // namespace
}  // namespace slotd
