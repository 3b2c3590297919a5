#include "policy/config_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/config.hpp"
#include "policy/config_keys.hpp"
#include "policy/config_writing.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy {

namespace {

constexpr std::string_view kMatch = "match.";
/// A value of a line about a change; a list of every slot's name would fill a screen.
constexpr std::size_t kValueBytesMax = 120;

std::string comment(const std::vector<ConfigOrigin>& origins, const std::vector<std::string>& files,
                    std::string_view table, std::string_view key, std::size_t index) {
    const auto origin = std::ranges::find_if(origins, [&](const ConfigOrigin& one) {
        return one.table == table && one.key == key && one.index == index;
    });
    if (origin == origins.end() || origin->file >= files.size()) {
        return {};
    }
    // In the quotes of TOML: a file's name may have a line's end in it.
    const std::string quoted = values::written(std::string_view(files[origin->file]));
    return fmt::format("  # {}:{}", quoted.substr(1, quoted.size() - 2), origin->line);
}

std::string match_text(const Rule& rule) {
    std::string text;
    for (const auto& key : rule_keys()) {
        const std::string value = key.write(rule);
        if (key.name.starts_with(kMatch) && !value.empty()) {
            text += fmt::format("{}{} = {}", text.empty() ? "" : ", ",
                                key.name.substr(kMatch.size()), value);
        }
    }
    return text.empty() ? text : "match = { " + text + " }\n";
}

/// What a rule has, without its name.
std::string rule_body(const Rule& rule) {
    std::string text = match_text(rule);
    for (const auto& key : rule_keys()) {
        const std::string value = key.write(rule);
        if (key.name != "name" && !key.name.starts_with(kMatch) && !value.empty()) {
            text += fmt::format("{} = {}\n", key.name, value);
        }
    }
    return text;
}

std::string shortened(std::string value) {
    if (value.size() > kValueBytesMax) {
        std::size_t end = kValueBytesMax;
        while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0U) == 0x80) {
            --end;  // not in the middle of a character
        }
        value.resize(end);
        value += "...";
    }
    return value;
}

std::string named(const Rule& rule) {
    return "rule " + values::written(std::string_view(rule.name));
}

void add_rule_changes(const Policy& before, const Policy& after,
                      std::vector<std::string>& changes) {
    // Of rules with one name the first is meant; what is left over shows as an order or a number.
    const auto find = [](const Policy& policy, const Rule& rule) {
        return std::ranges::find(policy.rules, rule.name, &Rule::name);
    };
    const std::size_t told = changes.size();
    for (const Rule& rule : before.rules) {
        if (find(after, rule) == after.rules.end()) {
            changes.push_back(named(rule) + ": removed");
        }
    }
    for (const Rule& rule : after.rules) {
        const auto old = find(before, rule);
        if (old == before.rules.end()) {
            changes.push_back(named(rule) + ": added");
        } else if (*old != rule && &*find(after, rule) == &rule) {
            changes.push_back(named(rule) + ": changed");
        }
    }
    if (before.rules != after.rules && changes.size() == told) {
        changes.emplace_back("rules: in another order");
    }
}

}  // namespace

std::string config_text(const Config& config, const std::vector<ConfigOrigin>& origins,
                        const std::vector<std::string>& files) {
    std::string text;
    std::string_view table;
    for (const auto& key : config_keys()) {
        if (key.table != table) {
            text += fmt::format("{}[{}]\n", table.empty() ? "" : "\n", key.table);
            table = key.table;
        }
        text += fmt::format("{} = {}{}\n", key.name, key.write(config),
                            comment(origins, files, key.table, key.name, 0));
    }
    for (std::size_t index = 0; index < config.policy.rules.size(); ++index) {
        const Rule& rule = config.policy.rules[index];
        text += fmt::format("\n[[rule]]{}\nname = {}\n{}",
                            comment(origins, files, "rule", "", index + 1),
                            values::written(std::string_view(rule.name)), rule_body(rule));
    }
    return text;
}

std::string slot_policy_text(const SlotPolicy& policy) {
    Config config;
    config.policy.defaults = policy;
    std::string text = "[coordinator]\n";
    for (const auto& key : config_keys()) {
        if (key.table == "coordinator") {
            text += fmt::format("{} = {}\n", key.name, key.write(config));
        }
    }
    return text;
}

std::vector<std::string> config_changes(const Config& before, const Config& after) {
    std::vector<std::string> changes;
    for (const auto& key : config_keys()) {
        std::string old = key.write(before);
        std::string now = key.write(after);
        if (old != now) {
            changes.push_back(fmt::format("{}.{}: {} -> {}", key.table, key.name,
                                          shortened(std::move(old)), shortened(std::move(now))));
        }
    }
    add_rule_changes(before.policy, after.policy, changes);
    if (changes.size() > kChangesMax) {
        const std::size_t more = changes.size() - (kChangesMax - 1);
        changes.resize(kChangesMax - 1);
        changes.push_back(fmt::format("and {} more", more));
    }
    return changes;
}

}  // namespace slotd::policy
