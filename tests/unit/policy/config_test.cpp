#include "policy/config.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/config_entry.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy {
namespace {

const Misfit kTable{"table"};

std::vector<std::string> texts_of(const std::vector<ConfigMistake>& mistakes) {
    std::vector<std::string> texts;
    for (const ConfigMistake& mistake : mistakes) {
        texts.push_back(std::to_string(mistake.line) + ": " + mistake.text);
    }
    return texts;
}

/// A [[rule]] that fits slot 5, with one key of its own.
CheckedConfig with_rule_key(const std::string& key, const ConfigValue& value) {
    return check_config({{"rule", "", kTable, 1, 1},
                         {"rule", "match.driver", ConfigList{std::string("nvme")}, 2, 1},
                         {"rule", "automatic_action", true, 3, 1},
                         {"rule", key, value, 4, 1}});
}

TEST(Config, IsTheDefaultsWithoutEntries) {
    EXPECT_EQ(check_config({}), CheckedConfig{});
    EXPECT_EQ(Config{}.policy.defaults, SlotPolicy{});
}

TEST(Config, TakesEveryKeyOfTheTablesThatStandOnce) {
    const CheckedConfig checked = check_config({
        {"coordinator", "", kTable, 1},
        {"coordinator", "level", std::string("exclusive"), 2},
        {"coordinator", "automatic_action", true, 3},
        {"coordinator", "steps", ConfigList{std::string("bus"), std::string("flr")}, 4},
        {"coordinator", "verification_ms", std::int64_t{2500}, 5},
        {"coordinator", "soak_ms", std::int64_t{0}, 6},
        {"coordinator", "in_use", ConfigList{}, 7},
        {"budget", "slot", std::int64_t{0}, 8},
        {"budget", "root_port", std::int64_t{1}, 9},
        {"budget", "host", std::int64_t{2}, 10},
        {"budget", "window_minutes", std::int64_t{30}, 11},
        {"history", "directory", std::string("/srv/slotd"), 12},
        {"history", "keep_days", std::int64_t{7}, 13},
        {"history", "size_mib", std::int64_t{8}, 14},
        {"hooks", "directory", std::string("/run/hooks"), 15},
        {"hooks", "patience_ms", std::int64_t{100}, 16},
    });

    const Config expected{
        {{Level::Exclusive, true, {Rung::BusReset, Rung::FunctionReset}, 2500ms, 0s, {}}, {}},
        {0, 1, 2, 30min},
        {"/srv/slotd", 7, 8},
        {"/run/hooks", 100ms},
    };
    EXPECT_EQ(checked.config, expected);
    EXPECT_EQ(checked.mistakes, std::vector<ConfigMistake>{});
}

TEST(Config, TakesEveryKeyOfARuleAndKeepsTheOrderOfRules) {
    const CheckedConfig checked = check_config({
        {"rule", "", kTable, 20, 2},
        {"rule", "match.slot", ConfigList{std::string("7")}, 21, 2},
        {"rule", "soak_ms", std::int64_t{5}, 22, 2},
        {"rule", "", kTable, 1, 1},
        {"rule", "name", std::string("disks"), 2, 1},
        {"rule", "match.port", ConfigList{std::string("0000:00:1c.0")}, 3, 1},
        {"rule", "match.slot", ConfigList{std::string("5"), std::string("6")}, 4, 1},
        {"rule", "match.id", ConfigList{std::string("8086:*"), std::string("*:10D3")}, 5, 1},
        {"rule", "match.class", ConfigList{std::string("0108"), std::string("0C")}, 6, 1},
        {"rule", "match.driver", ConfigList{std::string("nvme")}, 7, 1},
        {"rule", "level", std::string("observe"), 8, 1},
        {"rule", "automatic_action", true, 9, 1},
        {"rule", "steps", ConfigList{std::string("quarantine")}, 10, 1},
        {"rule", "verification_ms", std::int64_t{100}, 11, 1},
        {"rule", "soak_ms", std::int64_t{1}, 12, 1},
        {"rule", "in_use", ConfigList{std::string("swap")}, 13, 1},
    });

    Rule first;
    first.name = "disks";
    first.match = {
        {{0, 0, 0x1c, 0}}, {"5", "6"}, {{0x8086, {}}, {{}, 0x10d3}}, {"0108", "0c"}, {"nvme"}};
    first.level = Level::Observe;
    first.automatic_action = true;
    first.steps = {{Rung::Quarantine}};
    first.verification = 100ms;
    first.soak = 1ms;
    first.in_use = {{UseKind::Swap}};
    Rule second;
    second.name = "rule 2";
    second.match.slots = {"7"};
    second.soak = 5ms;
    EXPECT_EQ(checked.config, (Config{{{}, {first, second}}, {}, {}, {}}));
    EXPECT_EQ(checked.mistakes, std::vector<ConfigMistake>{});
}

TEST(Config, ReportsEveryMistakeInTheOrderOfLines) {
    const CheckedConfig checked = check_config({
        {"cordinator", "", kTable, 9},
        {"cordinator", "level", std::string("fence"), 10},
        {"coordinator", "level", std::string("off"), 2},
        {"coordinator", "automatic_action", std::string("yes"), 3},
        {"budget", "slots", std::int64_t{5}, 4},
        {"", "level", std::string("fence"), 1},
        {"", "coordinator", std::int64_t{5}, 5},
        {"coordinator", "", kTable, 6, 1},
        {"coordinator", "level", Misfit{"date or time"}, 7},
        {"rule", "", kTable, 8},
    });

    EXPECT_EQ(
        texts_of(checked.mistakes),
        (std::vector<std::string>{
            "1: level: stands before any table; write it below one of: rule, budget, hooks, "
            "history, "
            "coordinator",
            "2: coordinator.level: \"off\" is not a level; write \"observe\", \"fence\" or "
            "\"exclusive\" (with the quotes)",
            "3: coordinator.automatic_action: \"yes\" is not a yes or no; write true or false "
            "(without quotes)",
            "4: budget.slots: unknown key; known in [budget]: slot, host, root_port, "
            "window_minutes",
            "5: coordinator: 5 stands where a table should be; write [coordinator]",
            "6: coordinator: stands once; write [coordinator], not [[coordinator]]",
            "7: coordinator.level: a value of type date or time is not a level; write \"observe\", "
            "\"fence\" or \"exclusive\" (with the quotes)",
            "8: rule: there may be several; write [[rule]], not [rule]",
            "9: cordinator: unknown table; known: coordinator, history, budget, hooks, rule",
        }));
}

struct WrongValue {
    std::string key;
    ConfigValue value;
    std::string mistake;  ///< its beginning
};

TEST(Config, SaysOfEveryWrongValueWhatToWriteInstead) {
    const std::string steps =
        R"(write any of ["flr", "slot", "bus", "vfio", "reenumerate", "quarantine"])";
    const std::vector<WrongValue> wrong{
        {"steps", ConfigList{}, "an empty list says nothing; leave the key out or " + steps},
        {"steps", std::string("flr"), "\"flr\" is not a list; " + steps},
        {"steps", ConfigList{std::string("flr"), true}, "true does not belong here; " + steps},
        {"steps", ConfigList{std::string("FLR")}, "\"FLR\" does not belong here; " + steps},
        {"steps", ConfigList{std::string("bus"), std::string("bus")}, "\"bus\" stands twice"},
        {"steps", ConfigList{std::string("quarantine"), std::string("bus")},
         "nothing is tried after \"quarantine\"; write it as the last step"},
        {"in_use", ConfigList{std::string("mount")},
         "\"mount\" does not belong here; write any of [\"mounted\", \"swap\", "},
        {"verification_ms", std::int64_t{99}, "99 is not a time from 100 to 600000 milliseconds"},
        {"verification_ms", 5.5, "5.5 is not a time from 100 to 600000 milliseconds"},
        {"soak_ms", std::int64_t{-1}, "-1 is not a time from 0 to 600000 milliseconds"},
        {"soak_ms", std::string("1s"), "\"1s\" is not a time from 0 to 600000 milliseconds"},
        {"match.port", ConfigList{std::string("0000:00:1c")},
         "\"0000:00:1c\" does not belong here; write addresses of ports"},
        {"match.id", ConfigList{std::string("8086")},
         "\"8086\" does not belong here; write vendor"},
        {"match.id", ConfigList{std::string("8086:")}, "\"8086:\" does not belong here"},
        {"match.id", ConfigList{std::string("8086:10d3:1")},
         "\"8086:10d3:1\" does not belong here"},
        {"match.class", ConfigList{std::string("0x01")}, "\"0x01\" does not belong here"},
        {"match.class", ConfigList{std::string("01080")}, "\"01080\" does not belong here"},
        {"match.slot", ConfigList{std::int64_t{5}},
         "5 does not belong here; write names in quotes"},
        {"match.slot", ConfigList(65, std::string("5")), "a list of 65 elements; write at most 64"},
        {"match.slot", ConfigList{std::string("a\nb")}, "\"a\nb\" does not belong here"},
        {"name", std::string(), "\"\" is not a name"},
        {"match", Misfit{"table"}, "a value of type table says no slot; write match = { slot ="},
    };
    for (const WrongValue& one : wrong) {
        const CheckedConfig checked = with_rule_key(one.key, one.value);

        ASSERT_EQ(checked.mistakes.size(), 1U) << one.mistake;
        EXPECT_EQ(checked.mistakes[0].line, 4U);
        EXPECT_TRUE(checked.mistakes[0].text.starts_with("rule." + one.key + ": " + one.mistake))
            << checked.mistakes[0].text;
    }
}

TEST(Config, BoundsNumbersAndPathsOfTheTablesThatStandOnce) {
    const std::vector<ConfigEntry> wrong{
        {"budget", "slot", std::int64_t{1001}, 1},
        {"budget", "root_port", true, 2},
        {"budget", "window_minutes", std::int64_t{0}, 3},
        {"history", "directory", std::string("slotd"), 4},
        {"history", "directory", "/" + std::string(255, 'x'), 5},
        {"history", "keep_days", std::int64_t{1} << 40, 6},
        {"history", "size_mib", std::int64_t{0}, 7},
    };
    EXPECT_EQ(check_config(wrong).mistakes.size(), wrong.size());
    EXPECT_EQ(check_config(wrong).config, Config{});
}

TEST(Config, ARuleMustFitSomethingAndSetSomething) {
    const auto mistakes =
        check_config({
                         {"rule", "", kTable, 1, 1},
                         {"rule", "level", std::string("observe"), 2, 1},
                         {"rule", "", kTable, 3, 2},
                         {"rule", "match.slot", ConfigList{std::string("5")}, 4, 2},
                         {"rule", "", kTable, 5, 3},
                         {"rule", "match.slot", ConfigList{std::string("5")}, 6, 3},
                         {"rule", "level", std::string("off"), 7, 3},
                     })
            .mistakes;

    ASSERT_EQ(mistakes.size(), 3U);
    EXPECT_EQ(mistakes[0].line, 1U);
    EXPECT_TRUE(mistakes[0].text.starts_with("rule: fits every slot; write match = "));
    EXPECT_EQ(mistakes[1].line, 3U);
    EXPECT_TRUE(mistakes[1].text.starts_with("rule: sets nothing; write level, "));
    EXPECT_TRUE(mistakes[2].text.starts_with("rule.level: \"off\" is not a level"));
}

TEST(Config, HasRoomFor64Rules) {
    std::vector<ConfigEntry> entries;
    for (std::size_t index = 1; index <= kRulesMax; ++index) {
        entries.push_back({"rule", "", kTable, index, index});
        entries.push_back({"rule", "match.slot", ConfigList{std::string("5")}, index, index});
        entries.push_back({"rule", "soak_ms", std::int64_t{1}, index, index});
    }
    EXPECT_TRUE(check_config(entries).mistakes.empty());

    entries.push_back({"rule", "", kTable, 70, kRulesMax + 1});
    EXPECT_EQ(check_config(entries).mistakes,
              (std::vector<ConfigMistake>{{70, "rule: rule number 65; write at most 64"}}));
}

TEST(Config, ABareTableIsNoMistake) {
    EXPECT_EQ(check_config({{"coordinator", "", kTable, 1}}), CheckedConfig{});
}

}  // namespace
}  // namespace slotd::policy
