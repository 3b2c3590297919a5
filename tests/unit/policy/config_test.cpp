#include "policy/config.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "policy/level.hpp"

namespace slotd::policy {
namespace {

TEST(Config, IsTheDefaultsWithoutEntries) {
    EXPECT_EQ(check_config({}), CheckedConfig{});
    EXPECT_EQ(Config{}.coordinator.level, Level::Fence);
    EXPECT_FALSE(Config{}.coordinator.automatic_action);
}

TEST(Config, TakesEveryKey) {
    const CheckedConfig checked = check_config({
        {"coordinator", "level", std::string("exclusive"), 2},
        {"coordinator", "automatic_action", true, 3},
    });

    EXPECT_EQ(checked, (CheckedConfig{{{Level::Exclusive, true}}, {}}));
}

TEST(Config, ReportsEveryMistakeInTheOrderOfLines) {
    const CheckedConfig checked = check_config({
        {"cordinator", "level", std::string("fence"), 9},
        {"coordinator", "level", std::string("off"), 2},
        {"coordinator", "automatic_action", std::string("yes"), 3},
        {"coordinator", "levle", std::string("fence"), 4},
        {"", "level", std::string("fence"), 1},
        {"", "coordinator", std::int64_t{5}, 5},
        {"coordinator", "", Misfit{"array"}, 6},
        {"coordinator", "level", Misfit{"date or time"}, 7},
        {"coordinator", "automatic_action", std::int64_t{1}, 8},
    });

    EXPECT_EQ(
        checked.mistakes,
        (std::vector<ConfigMistake>{
            {1, "level: stands before any table; write it below one of: coordinator"},
            {2,
             "coordinator.level: \"off\" is not a level; write \"observe\", \"fence\" or "
             "\"exclusive\" (with the quotes)"},
            {3,
             "coordinator.automatic_action: \"yes\" is not a yes or no; write true or false "
             "(without quotes)"},
            {4, "coordinator.levle: unknown key; known in [coordinator]: level, automatic_action"},
            {5, "coordinator: 5 stands where a table should be; write [coordinator]"},
            {6, "coordinator: stands once; write [coordinator], not [[coordinator]]"},
            {7,
             "coordinator.level: a value of type date or time is not a level; write \"observe\", "
             "\"fence\" or \"exclusive\" (with the quotes)"},
            {8,
             "coordinator.automatic_action: 1 is not a yes or no; write true or false (without "
             "quotes)"},
            {9, "cordinator: unknown table; known: coordinator"},
        }));
}

TEST(Config, ABareTableIsNoMistake) {
    EXPECT_EQ(check_config({{"coordinator", "", Misfit{"table"}, 1}}), CheckedConfig{});
}

}  // namespace
}  // namespace slotd::policy
