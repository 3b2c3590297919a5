// slotd, as a program, on a disk that takes no more: it watches, does what it is asked for by hand,
// says so, and forgets nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tests/fakes/program.hpp"
#include "tests/fakes/slotd_on_files.hpp"
#include "tests/fakes/small_disk.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using fakes::eventually;
using fakes::Program;
using fakes::ProgramRun;
using testing::HasSubstr;

constexpr const char* kPort = "0000:00:1c.0";
constexpr const char* kOtherPort = "0000:00:1d.0";

struct DiskTrouble : testing::Test, fakes::SlotdOnFiles {
    DiskTrouble() {
        sysfs.root_port(kPort, 1, 5);
        sysfs.card(kPort, "0000:01:00.0");
        sysfs.root_port(kOtherPort, 2, 6);
        sysfs.card(kOtherPort, "0000:02:00.0");
        configure("[coordinator]\nlevel = \"fence\"\nautomatic_action = true\n");
        std::filesystem::create_directory(history());
    }

    std::string history() const { return folder.path("history"); }

    bool at_rest() const { return in_phase(kPort, "idle") && in_phase(kOtherPort, "idle"); }

    bool doctor_says(const std::string& kind) const {
        return slotctl({"doctor", "--json"}).out.contains("\"kind\":\"" + kind + "\"");
    }

    /// Everything that is there, to its last byte.
    void fill() const {
        std::ofstream filler(history() + "/filler", std::ios::binary);
        while (filler.write(std::string(1024, 'x').data(), 1024).flush()) {
        }
    }

    void make_room() const { std::filesystem::remove(history() + "/filler"); }

    /// slotd tries every 15 s.
    static bool after_the_next_try(const auto& condition) {
        return eventually(condition) || eventually(condition) || eventually(condition);
    }

    void by_hand_works(const Program& slotd) const {
        const ProgramRun reset =
            slotctl({"reset", "0000:02:00.0", "--method", "flr", "--reason", "test", "--wait"});
        EXPECT_EQ(reset.code, 0) << reset.error << slotd.error();
        EXPECT_THAT(sysfs.attribute("0000:02:00.0", "reset"), HasSubstr("1"));
    }
};

TEST_F(DiskTrouble, FullItIsSaidByHandAllWorksAndWithSpaceNothingIsForgotten) {
    const fakes::SmallDisk disk(history());
    if (!disk) {
        GTEST_SKIP() << "SKIPPED: " << disk.why();
    }
    std::optional<Program> slotd(std::in_place, command());
    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd->error();
    ASSERT_EQ(slotctl({"hold", "5", "--for", "2h", "--reason", "before"}).code, 0);
    ASSERT_FALSE(doctor_says("history-unusable"));

    fill();
    // Entries until one does not fit: the log that is there already has some room.
    ASSERT_TRUE(eventually([&] {
        (void)slotctl({"release", "6", "--reason", "fills the log"});
        (void)slotctl({"hold", "6", "--for", "2h", "--reason", "fills the log"});
        return doctor_says("history-unusable");
    })) << slotd->error();
    EXPECT_THAT(slotd->error(), HasSubstr("; no automatic action until it is back"));
    EXPECT_TRUE(in_phase(kPort, "held")) << "what was remembered is in force";
    (void)slotctl({"release", "6", "--reason", "test"});
    ASSERT_TRUE(eventually([&] { return in_phase(kOtherPort, "idle"); })) << slotd->error();
    by_hand_works(*slotd);
    const ProgramRun held = slotctl({"hold", "6", "--for", "2h", "--reason", "while it is full"});
    EXPECT_EQ(held.code, 0) << held.error;

    make_room();
    EXPECT_TRUE(after_the_next_try([&] { return !doctor_says("history-unusable"); }))
        << slotd->error();
    slotd->signal(SIGTERM);
    EXPECT_EQ(slotd->wait(10s), 0) << slotd->error();
    slotd.emplace(command());
    EXPECT_TRUE(eventually([&] { return in_phase(kPort, "held") && in_phase(kOtherPort, "held"); }))
        << slotd->error();
    EXPECT_THAT(slotctl({"show", "6"}).out, HasSubstr("while it is full"));
}

TEST_F(DiskTrouble, ReadOnlyItIsSaidAndByHandAllWorks) {
    const fakes::SmallDisk disk(history());
    if (!disk) {
        GTEST_SKIP() << "SKIPPED: " << disk.why();
    }
    ASSERT_TRUE(disk.read_only(true));
    Program slotd(command());

    ASSERT_TRUE(eventually([&] { return at_rest(); })) << slotd.error();
    EXPECT_TRUE(eventually([&] { return doctor_says("history-unusable"); })) << slotd.error();
    by_hand_works(slotd);

    ASSERT_TRUE(disk.read_only(false));
    EXPECT_TRUE(after_the_next_try([&] { return !doctor_says("history-unusable"); }))
        << slotd.error();
}

}  // namespace
}  // namespace slotd
