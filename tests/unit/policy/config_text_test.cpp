#include "policy/config_text.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "policy/config.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy {
namespace {

using namespace std::chrono_literals;

TEST(ConfigText, SaysWhereAValueComesFrom) {
    Config config;
    config.policy.defaults.level = Level::Observe;
    Rule rule;
    rule.name = "disks";
    rule.match.classes = {"0108"};
    rule.soak = 3s;
    config.policy.rules = {rule};

    const std::string text =
        config_text(config, {{"coordinator", "level", 0, 12, 0}, {"rule", "", 1, 3, 1}},
                    {"/etc/slotd/slotd.toml", "/etc/slotd/slotd.toml.d/5\n0.toml"});

    EXPECT_EQ(text.substr(0, text.find("steps")),
              "[coordinator]\n"
              "level = \"observe\"  # /etc/slotd/slotd.toml:12\n"
              "automatic_action = false\n");
    EXPECT_EQ(text.substr(text.find("[budget]")),
              "[budget]\n"
              "slot = 5\n"
              "root_port = 10\n"
              "host = 20\n"
              "window_minutes = 60\n"
              "\n"
              "[history]\n"
              "directory = \"/var/lib/slotd\"\n"
              "keep_days = 400\n"
              "size_mib = 64\n"
              "\n"
              "[hooks]\n"
              "directory = \"/run/slotd/hooks\"\n"
              "patience_ms = 10000\n"
              "\n"
              "[[rule]]  # /etc/slotd/slotd.toml.d/5\\u000a0.toml:3\n"
              "name = \"disks\"\n"
              "match = { class = [\"0108\"] }\n"
              "soak_ms = 3000\n");
}

TEST(ConfigText, OfASlotIsOneTable) {
    EXPECT_EQ(slot_policy_text({}).substr(0, 33), "[coordinator]\nlevel = \"fence\"\naut");
}

TEST(ConfigChanges, AreOneLineEach) {
    Config before;
    Config after;
    Rule removed;
    removed.name = "old";
    Rule changed;
    changed.name = "disks";
    before.policy.rules = {removed, changed};
    changed.level = Level::Exclusive;
    Rule added;
    added.name = "net\"work";
    after.policy.rules = {changed, added};
    after.budget.slot = 6;
    after.budget.window = 90min;

    EXPECT_EQ(config_changes(before, after),
              (std::vector<std::string>{"budget.slot: 5 -> 6", "budget.window_minutes: 60 -> 90",
                                        "rule \"old\": removed", "rule \"disks\": changed",
                                        "rule \"net\\\"work\": added"}));
    EXPECT_EQ(config_changes(after, after), std::vector<std::string>{});
}

TEST(ConfigChanges, OfOrderAloneAreSaid) {
    Config before;
    Rule one;
    one.name = "one";
    Rule two;
    two.name = "two";
    before.policy.rules = {one, two};
    Config after;
    after.policy.rules = {two, one};

    EXPECT_EQ(config_changes(before, after), (std::vector<std::string>{"rules: in another order"}));
}

TEST(ConfigChanges, AreBounded) {
    Config after;
    after.history.directory = "/" + std::string(200, 'x');
    for (int number = 0; number < 60; ++number) {
        Rule rule;
        rule.name = "rule " + std::to_string(number);
        after.policy.rules.push_back(rule);
    }

    const std::vector<std::string> changes = config_changes({}, after);

    EXPECT_EQ(changes.size(), kChangesMax);
    EXPECT_EQ(changes.back(), "and 38 more");
    EXPECT_EQ(changes.front(),
              "history.directory: \"/var/lib/slotd\" -> \"/" + std::string(118, 'x') + "...");
}

}  // namespace
}  // namespace slotd::policy
