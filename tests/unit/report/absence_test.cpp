#include "report/absence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace slotd::report {
namespace {

using testing::HasSubstr;

TEST(Absence, ReadsWhatSystemctlShows) {
    EXPECT_EQ(parse_unit_state("Result=success\nLoadState=loaded\nActiveState=inactive\n"
                               "SubState=dead\nUnitFileState=enabled\n"),
              (UnitState{"loaded", "inactive", "dead", "enabled", "success"}));
    EXPECT_EQ(parse_unit_state("LoadState=not-found"), (UnitState{.load = "not-found"}));
    EXPECT_EQ(parse_unit_state(""), std::nullopt);
    EXPECT_EQ(parse_unit_state("LoadStateX=loaded\nLoadState"), std::nullopt);
}

TEST(Absence, SaysWhatTheUnitIsAndWhatToDo) {
    struct Row {
        std::optional<UnitState> unit;
        std::string says;
        std::string advises;
    };

    const Row rows[] = {
        {std::nullopt, "systemd says nothing of slotd.service", "start slotd as it was started"},
        {UnitState{.load = "not-found"}, "is not installed", "on this machine"},
        {UnitState{.load = "masked", .active = "inactive"}, "is masked", "systemctl unmask"},
        {UnitState{"loaded", "failed", "failed", "enabled", "start-limit-hit"},
         "has failed (start-limit-hit)", "systemctl reset-failed slotd.service"},
        {UnitState{"loaded", "activating", "auto-restart", "enabled", "watchdog"},
         "has ended (watchdog) and is being started again", "journalctl -u slotd"},
        {UnitState{"loaded", "activating", "start", "enabled", "success"}, "is activating",
         "try again in a moment"},
        {UnitState{"loaded", "active", "running", "enabled", "success"},
         "runs and does not answer here", "Its watchdog ends one that hangs"},
        {UnitState{"loaded", "inactive", "dead", "disabled", "success"},
         "is not running (disabled; the last run ended with success)",
         "systemctl enable --now slotd.service"},
    };
    for (const Row& row : rows) {
        EXPECT_THAT(why_absent(row.unit), HasSubstr(row.says));
        EXPECT_THAT(why_absent(row.unit), HasSubstr(row.advises));
    }
}

// What a unit file says can be anything.
TEST(Absence, LetsNoControlCharacterThrough) {
    const auto unit = parse_unit_state("LoadState=loaded\nActiveState=\x1b[2J\n");
    EXPECT_THAT(why_absent(unit), testing::Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace slotd::report
