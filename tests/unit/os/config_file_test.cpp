#include "os/config_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/config_drop_ins.hpp"
#include "policy/config.hpp"
#include "policy/config_keys.hpp"
#include "policy/config_text.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"
#include "report/printable.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

using namespace std::chrono_literals;
using Mistakes = std::vector<std::string>;

class ConfigFile : public testing::Test {
protected:
    std::string file(const std::string& text) const {
        dir_.write("slotd.toml", text);
        return dir_.path("slotd.toml");
    }

    fakes::TempDir dir_;
    const std::string directory_ = dir_.path();
};

// What the shipped file says and what the struct says must not part.
TEST(ShippedConfigFile, WritesOutTheDefaults) {
    const auto loaded = load_config(SLOTD_SOURCE_DIR "/config/slotd.toml", IfMissing::Fail);

    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    EXPECT_EQ(loaded->mistakes, Mistakes{});
    EXPECT_EQ(loaded->config, policy::Config{});
}

// A default that nobody wrote down would be a key that nobody finds.
TEST(ShippedConfigFile, HasEveryKeyInItsTable) {
    std::ifstream stream(SLOTD_SOURCE_DIR "/config/slotd.toml");
    std::string table;
    std::set<std::pair<std::string, std::string>> written;
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with("[")) {
            table = line.substr(1, line.find(']') - 1);
        } else if (!line.starts_with("#") && line.contains(" = ")) {
            written.emplace(table, line.substr(0, line.find(" = ")));
        }
    }

    std::set<std::pair<std::string, std::string>> known;
    for (const auto& key : policy::config_keys()) {
        known.emplace(key.table, key.name);
    }
    EXPECT_EQ(written, known);
}

TEST_F(ConfigFile, ReportsAllMistakesWithFileAndLine) {
    const std::string path = file(
        "[coordinator]\nlevel = 'off'\nautomatic_action = 'yes'\n"
        "unknown = 2020-01-01\n\n[[rule]]\nmatch = { port = ['1c.0'], slt = ['5'] }\n"
        "steps = ['flr', 1]\n[empty]\nx = 1\n");

    const auto loaded = load_config(path, IfMissing::Fail);

    ASSERT_TRUE(loaded.has_value());
    ASSERT_EQ(loaded->mistakes.size(), 7U);
    EXPECT_TRUE(loaded->mistakes[0].starts_with(path + ":2: coordinator.level: \"off\" is not"));
    EXPECT_TRUE(loaded->mistakes[1].starts_with(path + ":3: coordinator.automatic_action: "));
    EXPECT_TRUE(loaded->mistakes[2].starts_with(path + ":4: coordinator.unknown: unknown key"));
    EXPECT_TRUE(loaded->mistakes[3].starts_with(path + ":7: rule.match.port: \"1c.0\" does not"));
    EXPECT_TRUE(loaded->mistakes[4].starts_with(path + ":7: rule.match.slt: unknown key"));
    EXPECT_TRUE(loaded->mistakes[5].starts_with(path + ":8: rule.steps: 1 does not belong here"));
    EXPECT_TRUE(loaded->mistakes[6].starts_with(path + ":9: empty: unknown table"));
}

TEST_F(ConfigFile, TakesAMatchInEveryFormThatTomlHas) {
    for (const char* const match : {"match = { slot = ['5'], class = ['02'] }\n",
                                    "match.slot = ['5']\nmatch.class = ['02']\n",
                                    "[rule.match]\nslot = ['5']\nclass = ['02']\n"}) {
        const LoadedConfig loaded =
            parse_config(std::string("[[rule]]\nlevel = 'observe'\n") + match, "x");

        ASSERT_EQ(loaded.mistakes, Mistakes{}) << match;
        policy::Rule rule;
        rule.name = "rule 1";
        rule.match.slots = {"5"};
        rule.match.classes = {"02"};
        rule.level = policy::Level::Observe;
        EXPECT_EQ(loaded.config.policy.rules, (std::vector{rule})) << match;
    }
}

TEST_F(ConfigFile, SaysWhichBracketsATableWants) {
    const auto mistake = [](const std::string& text) { return parse_config(text, "x").mistakes; };

    EXPECT_EQ(
        mistake("[[coordinator]]\nlevel = 'fence'\n"),
        (Mistakes{"x:1: coordinator: stands once; write [coordinator], not [[coordinator]]"}));
    EXPECT_EQ(mistake("[rule]\nlevel = 'fence'\n"),
              (Mistakes{"x:1: rule: there may be several; write [[rule]], not [rule]"}));
    EXPECT_EQ(mistake("rule = []\n"),
              (Mistakes{"x:1: rule: a list stands where a table should be; write [[rule]]"}));
    EXPECT_EQ(mistake("budget = 5\n"),
              (Mistakes{"x:1: budget: 5 stands where a table should be; write [budget]"}));
}

policy::Config with_everything() {
    policy::Config config;
    config.policy.defaults.level = policy::Level::Exclusive;
    config.policy.defaults.automatic_action = true;
    config.policy.defaults.steps = {policy::Rung::BusReset, policy::Rung::Quarantine};
    config.policy.defaults.verification = 100ms;
    config.policy.defaults.soak = {};
    config.policy.defaults.in_use = {};
    config.budget = {0, 1000, 7, 90min};
    config.history = {"/var/lib/\"slotd\"\\ # no comment", 1, 4096};
    config.hooks = {"/run/h\xc3\xb6\xc3\xb6ks", 600s};
    policy::Rule rule;
    rule.name = "a \"rule\"\\ = [ # ''';\xc2\x9b\xe2\x80\xae\xef\xbb\xbf\xf0\x9f\x90\x98";
    rule.match.ports = {{0x10000, 0x3b, 0x1f, 7}, {0, 0, 0x1c, 0}};
    rule.match.slots = {"5", "5\\", "\\u0041", "}"};
    rule.match.ids = {{0x8086, std::nullopt}, {std::nullopt, 0x000f}, {0, 0xffff}};
    rule.match.classes = {"02", "0108"};
    rule.match.drivers = {"nvme"};
    rule.level = policy::Level::Observe;
    rule.automatic_action = false;
    rule.steps = policy::all_rungs();
    rule.verification = 600s;
    rule.soak = 0ms;
    rule.in_use = policy::all_use_kinds();
    policy::Rule without_name;
    without_name.name = "rule 2";
    without_name.match.drivers = {"e1000e"};
    without_name.in_use.emplace();
    config.policy.rules = {rule, without_name};
    return config;
}

// What slotctl config prints can be put in the place of the files that it was read from.
TEST_F(ConfigFile, WhatIsWrittenReadsBackAsTheSame) {
    for (const policy::Config& config : {policy::Config{}, with_everything()}) {
        const std::string text = policy::config_text(config);

        const LoadedConfig loaded = parse_config(text, "x");

        EXPECT_EQ(loaded.mistakes, Mistakes{}) << text;
        EXPECT_EQ(loaded.config, config) << text;
    }
}

TEST_F(ConfigFile, WhatIsWrittenIsPrintableLineByLine) {
    std::istringstream lines(policy::config_text(with_everything()));
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line); ++number) {
        EXPECT_EQ(report::printable(line), line);
    }
    EXPECT_GT(number, 20U);
}

TEST_F(ConfigFile, KnowsWhereEachValueStandsThatCounts) {
    const std::string path = file(
        "[coordinator]\nlevel = 'observe'\nsoak_ms = 5\n[[rule]]\nmatch.slot = ['1']\n"
        "soak_ms = 1\n");

    const auto loaded = load_config(path, IfMissing::Fail);

    ASSERT_TRUE(loaded.has_value());
    EXPECT_EQ(loaded->origins,
              (std::vector<policy::ConfigOrigin>{{"coordinator", "level", 0, 2, 0},
                                                 {"coordinator", "soak_ms", 0, 3, 0},
                                                 {"rule", "", 1, 4, 0}}));
}

TEST_F(ConfigFile, ReportsWhatIsNotToml) {
    for (const char* const text :
         {"level = ", "[coordinator\n", "a = 1\na = 2\n", "\xff = 1\n", "a = \"\x1b[2J\"\n"}) {
        const LoadedConfig loaded = parse_config(text, "x.toml");
        ASSERT_EQ(loaded.mistakes.size(), 1U) << text;
        EXPECT_TRUE(loaded.mistakes[0].starts_with("x.toml:")) << loaded.mistakes[0];
        EXPECT_EQ(loaded.mistakes[0].find('\x1b'), std::string::npos);
    }
}

TEST_F(ConfigFile, SurvivesDeepNesting) {
    EXPECT_EQ(parse_config("a = " + std::string(100000, '['), "x").mistakes.size(), 1U);
    std::string dotted = "a";
    for (int i = 0; i < 5000; ++i) {
        dotted += ".a";
    }
    EXPECT_EQ(parse_config(dotted + " = 1\n", "x").mistakes.size(), 1U);
}

// What toml++ 3.3 asserts where it says "should not happen".
TEST_F(ConfigFile, IsNotAbortedByAKeyThatBeginsWithNothingOfAKey) {
    for (const std::string text :
         {"[!x]\n", "[[!x]]\n", "[a.!x]\n", "[\n", "[ \n]\n", "x = {!y = 1}\n"}) {
        EXPECT_EQ(parse_config(text, "f").mistakes.size(), 1U) << text;
    }
}

// What toml++ 3.3 takes for unreachable: under the sanitizer it ended there.
TEST_F(ConfigFile, SaysWhereALetterStandsThatIsNotAscii) {
    for (const std::string text : {"\u03c5s\n", "\u00fc = 1\n", "level \u00e9= 1\n", "[\u0436]\n",
                                   "a = 1 \u4e16\n", "\U0001f600 = 1\n"}) {
        const LoadedConfig loaded = parse_config(text, "f");
        ASSERT_EQ(loaded.mistakes.size(), 1U) << text;
        EXPECT_TRUE(loaded.mistakes[0].starts_with("f:1: ")) << loaded.mistakes[0];
    }
}

// A megabyte of them, taken apart by recursion, was more than the stack holds.
TEST_F(ConfigFile, SurvivesKeysOfManyParts) {
    std::string key = "a";
    while (key.size() < 900'000) {
        key += ".a";
    }

    for (const std::string& text : {key + " = 1\n", "[" + key + "]\n", "x = {" + key + " = 1}\n"}) {
        EXPECT_EQ(parse_config("\n" + text, "f").mistakes,
                  Mistakes{"f:2: more than 4096 dots in one line"});
    }
}

TEST_F(ConfigFile, EveryTruncationIsAMistakeOrAConfig) {
    const std::string text =
        "[coordinator]\nlevel = \"exclusive\"\nautomatic_action = true\n"
        "[[rule]]\nmatch = { id = [\"8086:*\"] }\nsoak_ms = 10\n";
    for (std::size_t length = 0; length <= text.size(); ++length) {
        const LoadedConfig loaded = parse_config(text.substr(0, length), "x");
        EXPECT_LE(loaded.mistakes.size(), 2U) << length;
    }
}

TEST_F(ConfigFile, AMissingOneIsAnErrorOnlyIfSomebodyNamedIt) {
    const std::string nowhere = directory_ + "/nowhere.toml";

    EXPECT_EQ(load_config(nowhere, IfMissing::Fail).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(load_config(nowhere, IfMissing::UseDefaults)->config, policy::Config{});
}

TEST_F(ConfigFile, IsBoundedAndARegularFile) {
    EXPECT_EQ(load_config(file(std::string((1 << 20) + 1, '#')), IfMissing::Fail).error().kind,
              ErrorKind::Overflow);
    EXPECT_TRUE(load_config(file(std::string(1 << 20, '#')), IfMissing::Fail).has_value());
    EXPECT_EQ(load_config(directory_, IfMissing::UseDefaults).error().kind, ErrorKind::Malformed);
    const std::string fifo = directory_ + "/fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_EQ(load_config(fifo, IfMissing::Fail).error().kind, ErrorKind::Malformed);
}

class DropIns : public ConfigFile {
protected:
    const std::string vendor = dir_.path("vendor");
    const std::string admin = dir_.path("admin");
};

TEST_F(DropIns, AreReadInTheOrderOfTheirNamesAndTheLastWordHolds) {
    dir_.write("vendor/50-site.toml", "[coordinator]\nlevel = 'observe'\nsoak_ms = 7\n");
    dir_.write("admin/10-first.toml",
               "[coordinator]\nlevel = 'exclusive'\n[[rule]]\n"
               "match = { slot = ['5'] }\nlevel = 'fence'\n");
    dir_.write("admin/notes.txt", "not toml");
    const std::string main_file =
        file("[budget]\nslot = 3\n[[rule]]\nmatch = { slot = ['4'] }\nlevel = 'fence'\n");

    const auto loaded =
        load_config(main_file, IfMissing::Fail, {vendor, admin, directory_ + "/no"});

    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    EXPECT_EQ(loaded->mistakes, Mistakes{});
    EXPECT_EQ(loaded->files,
              (Mistakes{main_file, admin + "/10-first.toml", vendor + "/50-site.toml"}));
    EXPECT_EQ(loaded->config.policy.defaults.level, policy::Level::Observe);
    EXPECT_EQ(loaded->config.budget.slot, 3U);
    ASSERT_EQ(loaded->config.policy.rules.size(), 2U);
    EXPECT_EQ(loaded->config.policy.rules[0].name, "rule 1");
    EXPECT_EQ(loaded->config.policy.rules[1].name, "rule 2");
}

TEST_F(DropIns, OfOneNameInTheStrongerDirectoryHideTheOther) {
    dir_.write("vendor/50-a.toml", "[budget]\nslot = 1\n");
    dir_.write("admin/50-a.toml", "[budget]\nhost = 2\n");
    dir_.write("vendor/60-b.toml", "[budget]\nroot_port = 1\n");
    dir_.link("admin/60-b.toml", "/dev/null");

    const auto loaded = load_config(directory_ + "/none", IfMissing::UseDefaults, {vendor, admin});

    policy::Config expected;
    expected.budget.host = 2;
    EXPECT_EQ(loaded->config, expected);
}

TEST_F(DropIns, HaveTheirMistakesReportedAllAtOnceWithFileAndLine) {
    dir_.write("admin/10-a.toml", "\n[coordinator]\nlevel = 'off'\n");
    dir_.write("admin/20-b.toml", "[coordinator\n");
    const std::string main_file = file("[budget]\nslot = 'x'\n");

    const auto loaded = load_config(main_file, IfMissing::Fail, {admin});

    ASSERT_EQ(loaded->mistakes.size(), 3U);
    EXPECT_TRUE(loaded->mistakes[0].starts_with(admin + "/20-b.toml:1: ")) << loaded->mistakes[0];
    EXPECT_TRUE(loaded->mistakes[1].starts_with(main_file + ":2: budget.slot: "));
    EXPECT_TRUE(loaded->mistakes[2].starts_with(admin + "/10-a.toml:3: coordinator.level: "));
}

TEST_F(DropIns, ThatCannotBeReadAreAnErrorAndNotLeftOut) {
    dir_.make_dir("admin/50-a.toml");
    EXPECT_EQ(load_config(file(""), IfMissing::Fail, {admin}).error().kind, ErrorKind::Malformed);

    dir_.remove("admin");
    dir_.write("admin", "");
    EXPECT_EQ(load_config(file(""), IfMissing::Fail, {admin}).error().kind, ErrorKind::Io);
}

TEST_F(DropIns, AreNotMoreThanThereMayBe) {
    for (std::size_t number = 0; number <= kDropInsMax; ++number) {
        dir_.write("admin/" + std::to_string(number) + ".toml", "");
    }
    EXPECT_EQ(load_config(file(""), IfMissing::Fail, {admin}).error().kind, ErrorKind::Overflow);
}

TEST(DropInDirectories, AreOfTheDefaultOrBesideTheFile) {
    EXPECT_EQ(drop_in_directories("/srv/x.toml"), (Mistakes{"/srv/x.toml.d"}));
    EXPECT_EQ(
        drop_in_directories(kDefaultConfigPath),
        (Mistakes{"/usr/lib/slotd/slotd.toml.d", "/run/slotd.toml.d", "/etc/slotd/slotd.toml.d"}));
}

}  // namespace
}  // namespace slotd::os
