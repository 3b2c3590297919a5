#include "policy/config_keys.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "policy/config.hpp"
#include "policy/config_entry.hpp"
#include "policy/config_values.hpp"
#include "policy/config_writing.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy {

namespace {

/// Longer than the slowest card's way back, shorter than anybody waits.
constexpr std::uint32_t kMillisecondsMax = 600'000;
constexpr std::uint32_t kWindowMinutesMax =
    std::chrono::duration_cast<std::chrono::minutes>(kBudgetWindowMax).count();

template <class T, class Field>
Complaint store(values::Read<T> read, Field& field) {
    if (!read) {
        return std::move(read.error());
    }
    field = std::move(*read);
    return std::nullopt;
}

// What a slot's policy and a rule have in common: the same names, the same values.

template <class Slot>
Complaint take_level(const ConfigValue& value, Slot& slot) {
    return store(values::level(value), slot.level);
}

template <class Slot>
Complaint take_automatic_action(const ConfigValue& value, Slot& slot) {
    return store(values::flag(value), slot.automatic_action);
}

template <class Slot>
Complaint take_steps(const ConfigValue& value, Slot& slot) {
    return store(values::steps(value), slot.steps);
}

template <class Slot>
Complaint take_verification(const ConfigValue& value, Slot& slot) {
    return store(values::milliseconds(value, 100, kMillisecondsMax), slot.verification);
}

template <class Slot>
Complaint take_soak(const ConfigValue& value, Slot& slot) {
    return store(values::milliseconds(value, 0, kMillisecondsMax), slot.soak);
}

template <class Slot>
Complaint take_in_use(const ConfigValue& value, Slot& slot) {
    return store(values::use_kinds(value), slot.in_use);
}

template <Complaint (*take)(const ConfigValue&, SlotPolicy&)>
Complaint by_default(const ConfigValue& value, Config& config) {
    return take(value, config.policy.defaults);
}

constexpr std::array<ConfigKey<Config>, 15> kConfigKeys{{
    {"coordinator", "level", by_default<take_level>,
     [](const Config& config) { return values::written(config.policy.defaults.level); }},
    {"coordinator", "automatic_action", by_default<take_automatic_action>,
     [](const Config& config) { return values::written(config.policy.defaults.automatic_action); }},
    {"coordinator", "steps", by_default<take_steps>,
     [](const Config& config) { return values::written(config.policy.defaults.steps); }},
    {"coordinator", "verification_ms", by_default<take_verification>,
     [](const Config& config) {
         return values::written_milliseconds(config.policy.defaults.verification);
     }},
    {"coordinator", "soak_ms", by_default<take_soak>,
     [](const Config& config) {
         return values::written_milliseconds(config.policy.defaults.soak);
     }},
    {"coordinator", "in_use", by_default<take_in_use>,
     [](const Config& config) { return values::written(config.policy.defaults.in_use); }},
    {"budget", "slot",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 0, kBudgetMax), config.budget.slot);
     },
     [](const Config& config) { return values::written(config.budget.slot); }},
    {"budget", "root_port",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 0, kBudgetMax), config.budget.root_port);
     },
     [](const Config& config) { return values::written(config.budget.root_port); }},
    {"budget", "host",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 0, kBudgetMax), config.budget.host);
     },
     [](const Config& config) { return values::written(config.budget.host); }},
    {"budget", "window_minutes",
     [](const ConfigValue& value, Config& config) {
         std::uint32_t minutes = 0;
         Complaint complaint = store(values::count(value, 1, kWindowMinutesMax), minutes);
         if (!complaint) {
             config.budget.window = std::chrono::minutes(minutes);
         }
         return complaint;
     },
     [](const Config& config) {
         return fmt::format(
             "{}", std::chrono::duration_cast<std::chrono::minutes>(config.budget.window).count());
     }},
    {"history", "directory",
     [](const ConfigValue& value, Config& config) {
         return store(values::directory(value), config.history.directory);
     },
     [](const Config& config) {
         return values::written(std::string_view(config.history.directory));
     }},
    {"history", "keep_days",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 1, 3650), config.history.keep_days);
     },
     [](const Config& config) { return values::written(config.history.keep_days); }},
    {"history", "size_mib",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 1, 4096), config.history.size_mib);
     },
     [](const Config& config) { return values::written(config.history.size_mib); }},
    {"hooks", "directory",
     [](const ConfigValue& value, Config& config) {
         return store(values::directory(value), config.hooks.directory);
     },
     [](const Config& config) {
         return values::written(std::string_view(config.hooks.directory));
     }},
    {"hooks", "patience_ms",
     [](const ConfigValue& value, Config& config) {
         return store(values::milliseconds(value, 100, kMillisecondsMax), config.hooks.patience);
     },
     [](const Config& config) { return values::written_milliseconds(config.hooks.patience); }},
}};

constexpr std::array<ConfigKey<Rule>, 13> kRuleKeys{{
    {"rule", "name",
     [](const ConfigValue& value, Rule& rule) { return store(values::name(value), rule.name); },
     [](const Rule& rule) { return values::written(std::string_view(rule.name)); }},
    {"rule", "match.port",
     [](const ConfigValue& value, Rule& rule) {
         return store(values::ports(value), rule.match.ports);
     },
     [](const Rule& rule) { return values::written_if_any(rule.match.ports); }},
    {"rule", "match.slot",
     [](const ConfigValue& value, Rule& rule) {
         return store(values::names(value), rule.match.slots);
     },
     [](const Rule& rule) { return values::written_if_any(rule.match.slots); }},
    {"rule", "match.id",
     [](const ConfigValue& value, Rule& rule) { return store(values::ids(value), rule.match.ids); },
     [](const Rule& rule) { return values::written_if_any(rule.match.ids); }},
    {"rule", "match.class",
     [](const ConfigValue& value, Rule& rule) {
         return store(values::classes(value), rule.match.classes);
     },
     [](const Rule& rule) { return values::written_if_any(rule.match.classes); }},
    {"rule", "match.driver",
     [](const ConfigValue& value, Rule& rule) {
         return store(values::names(value), rule.match.drivers);
     },
     [](const Rule& rule) { return values::written_if_any(rule.match.drivers); }},
    {"rule", "match",
     [](const ConfigValue& value, Rule&) {
         return Complaint(values::quoted(value) +
                          " says no slot; write match = { slot = [\"5\"] } or one or more of port, "
                          "id, class, driver");
     },
     [](const Rule&) { return std::string(); }},
    {"rule", "level", take_level,
     [](const Rule& rule) { return values::written_if_set(rule.level); }},
    {"rule", "automatic_action", take_automatic_action,
     [](const Rule& rule) { return values::written_if_set(rule.automatic_action); }},
    {"rule", "steps", take_steps,
     [](const Rule& rule) { return values::written_if_set(rule.steps); }},
    {"rule", "verification_ms", take_verification,
     [](const Rule& rule) {
         return rule.verification ? values::written_milliseconds(*rule.verification)
                                  : std::string();
     }},
    {"rule", "soak_ms", take_soak,
     [](const Rule& rule) {
         return rule.soak ? values::written_milliseconds(*rule.soak) : std::string();
     }},
    {"rule", "in_use", take_in_use,
     [](const Rule& rule) { return values::written_if_set(rule.in_use); }},
}};

}  // namespace

std::span<const ConfigKey<Config>> config_keys() {
    return kConfigKeys;
}

std::span<const ConfigKey<Rule>> rule_keys() {
    return kRuleKeys;
}

}  // namespace slotd::policy
