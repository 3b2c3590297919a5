#include "policy/config_keys.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "policy/config.hpp"
#include "policy/config_entry.hpp"
#include "policy/config_values.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy {

namespace {

/// Longer than the slowest card's way back, shorter than anybody waits.
constexpr std::uint32_t kMillisecondsMax = 600'000;

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

constexpr std::uint32_t kAttemptsMax = 1000;

constexpr std::array<ConfigKey<Config>, 15> kConfigKeys{{
    {"coordinator", "level", by_default<take_level>},
    {"coordinator", "automatic_action", by_default<take_automatic_action>},
    {"coordinator", "steps", by_default<take_steps>},
    {"coordinator", "verification_ms", by_default<take_verification>},
    {"coordinator", "soak_ms", by_default<take_soak>},
    {"coordinator", "in_use", by_default<take_in_use>},
    {"budget", "slot",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 0, kAttemptsMax), config.budget.slot);
     }},
    {"budget", "root_port",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 0, kAttemptsMax), config.budget.root_port);
     }},
    {"budget", "host",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 0, kAttemptsMax), config.budget.host);
     }},
    {"budget", "window_minutes",
     [](const ConfigValue& value, Config& config) {
         std::uint32_t minutes = 0;
         Complaint complaint = store(values::count(value, 1, 7 * 24 * 60), minutes);
         if (!complaint) {
             config.budget.window = std::chrono::minutes(minutes);
         }
         return complaint;
     }},
    {"history", "directory",
     [](const ConfigValue& value, Config& config) {
         return store(values::directory(value), config.history.directory);
     }},
    {"history", "keep_days",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 1, 3650), config.history.keep_days);
     }},
    {"history", "size_mib",
     [](const ConfigValue& value, Config& config) {
         return store(values::count(value, 1, 4096), config.history.size_mib);
     }},
    {"hooks", "directory",
     [](const ConfigValue& value, Config& config) {
         return store(values::directory(value), config.hooks.directory);
     }},
    {"hooks", "patience_ms",
     [](const ConfigValue& value, Config& config) {
         return store(values::milliseconds(value, 100, kMillisecondsMax), config.hooks.patience);
     }},
}};

constexpr std::array<ConfigKey<Rule>, 13> kRuleKeys{{
    {"rule", "name",
     [](const ConfigValue& value, Rule& rule) { return store(values::name(value), rule.name); }},
    {"rule", "match.port",
     [](const ConfigValue& value, Rule& rule) {
         return store(values::ports(value), rule.match.ports);
     }},
    {"rule", "match.slot",
     [](const ConfigValue& value, Rule& rule) {
         return store(values::names(value), rule.match.slots);
     }},
    {"rule", "match.id",
     [](const ConfigValue& value, Rule& rule) {
         return store(values::ids(value), rule.match.ids);
     }},
    {"rule", "match.class",
     [](const ConfigValue& value, Rule& rule) {
         return store(values::classes(value), rule.match.classes);
     }},
    {"rule", "match.driver",
     [](const ConfigValue& value, Rule& rule) {
         return store(values::names(value), rule.match.drivers);
     }},
    {"rule", "match",
     [](const ConfigValue& value, Rule&) {
         return Complaint(values::quoted(value) +
                          " says no slot; write match = { slot = [\"5\"] } or one or more of port, "
                          "id, class, driver");
     }},
    {"rule", "level", take_level},
    {"rule", "automatic_action", take_automatic_action},
    {"rule", "steps", take_steps},
    {"rule", "verification_ms", take_verification},
    {"rule", "soak_ms", take_soak},
    {"rule", "in_use", take_in_use},
}};

}  // namespace

std::span<const ConfigKey<Config>> config_keys() {
    return kConfigKeys;
}

std::span<const ConfigKey<Rule>> rule_keys() {
    return kRuleKeys;
}

}  // namespace slotd::policy
