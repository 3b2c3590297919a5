#include "policy/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/nearest.hpp"
#include "base/overloaded.hpp"
#include "policy/level.hpp"

namespace slotd::policy {

namespace {

/// What is wrong with a value and what to write instead; nullopt when it was taken over.
using Complaint = std::optional<std::string>;

struct Key {
    std::string_view table;
    std::string_view name;
    Complaint (*take)(const ConfigValue& value, Config& config);
};

/// The value as a person wrote it, for "... is not ...".
std::string quoted(const ConfigValue& value) {
    return std::visit(Overloaded{
                          [](bool flag) -> std::string { return flag ? "true" : "false"; },
                          [](std::int64_t number) { return fmt::format("{}", number); },
                          [](double number) { return fmt::format("{}", number); },
                          [](const std::string& text) { return "\"" + text.substr(0, 64) + "\""; },
                          [](const Misfit& misfit) { return "a value of type " + misfit.type; },
                      },
                      value);
}

Complaint take_level(const ConfigValue& value, Config& config) {
    const auto* const text = std::get_if<std::string>(&value);
    const auto level = text != nullptr ? level_from_text(*text) : std::nullopt;
    if (!level) {
        return quoted(value) +
               " is not a level; write \"observe\", \"fence\" or \"exclusive\" (with the quotes)";
    }
    config.coordinator.level = *level;
    return std::nullopt;
}

Complaint take_automatic_action(const ConfigValue& value, Config& config) {
    const auto* const flag = std::get_if<bool>(&value);
    if (flag == nullptr) {
        return quoted(value) + " is not a yes or no; write true or false (without quotes)";
    }
    config.coordinator.automatic_action = *flag;
    return std::nullopt;
}

constexpr std::array<Key, 2> kKeys{{
    {"coordinator", "level", take_level},
    {"coordinator", "automatic_action", take_automatic_action},
}};

/// "known here: a, b", the likeliest first.
std::string known(std::string_view wrong, std::vector<std::string_view> names) {
    std::ranges::stable_sort(names, {}, [&](auto name) { return edit_distance(wrong, name); });
    std::string text;
    for (const std::string_view name : names) {
        text += (text.empty() ? "" : ", ") + std::string(name);
    }
    return text;
}

std::string unknown_table(const ConfigEntry& entry) {
    std::vector<std::string_view> tables;
    for (const Key& key : kKeys) {
        if (std::ranges::find(tables, key.table) == tables.end()) {
            tables.push_back(key.table);
        }
    }
    if (entry.table.empty()) {
        return fmt::format("{}: stands before any table; write it below one of: {}", entry.key,
                           known(entry.key, tables));
    }
    return fmt::format("{}: unknown table; known: {}", entry.table, known(entry.table, tables));
}

std::string unknown_key(const ConfigEntry& entry) {
    std::vector<std::string_view> names;
    for (const Key& key : kKeys) {
        if (key.table == entry.table) {
            names.push_back(key.name);
        }
    }
    return fmt::format("{}.{}: unknown key; known in [{}]: {}", entry.table, entry.key, entry.table,
                       known(entry.key, names));
}

bool is_table(std::string_view name) {
    return std::ranges::any_of(kKeys, [&](const Key& key) { return key.table == name; });
}

Complaint check(const ConfigEntry& entry, Config& config) {
    if (entry.table.empty() && is_table(entry.key)) {
        return fmt::format("{}: {} stands where a table should be; write [{}]", entry.key,
                           quoted(entry.value), entry.key);
    }
    if (!is_table(entry.table)) {
        return unknown_table(entry);
    }
    if (entry.key.empty()) {
        const auto* const misfit = std::get_if<Misfit>(&entry.value);
        if (misfit != nullptr && misfit->type == "array") {
            return fmt::format("{0}: stands once; write [{0}], not [[{0}]]", entry.table);
        }
        return std::nullopt;  // a bare [coordinator] says nothing
    }
    const auto* const key = std::ranges::find_if(kKeys, [&](const Key& candidate) {
        return candidate.table == entry.table && candidate.name == entry.key;
    });
    if (key == kKeys.end()) {
        return unknown_key(entry);
    }
    const Complaint complaint = key->take(entry.value, config);
    return complaint ? Complaint(fmt::format("{}.{}: {}", entry.table, entry.key, *complaint))
                     : std::nullopt;
}

}  // namespace

CheckedConfig check_config(const std::vector<ConfigEntry>& entries) {
    CheckedConfig checked;
    for (const ConfigEntry& entry : entries) {
        if (const Complaint complaint = check(entry, checked.config)) {
            checked.mistakes.push_back({entry.line, *complaint});
        }
    }
    std::ranges::stable_sort(checked.mistakes, {}, &ConfigMistake::line);
    return checked;
}

}  // namespace slotd::policy
