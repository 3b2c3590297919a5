#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "policy/level.hpp"

namespace slotd::policy {

/// [coordinator]
struct CoordinatorConfig {
    /// Arbitration level of every slot.
    Level level = Level::Fence;
    /// Whether slotd acts without being asked. Off until the administrator turns it on.
    bool automatic_action = false;
    bool operator==(const CoordinatorConfig&) const = default;
};

/// The configuration file as a checked value. The defaults here are written out, with reasons, in
/// config/slotd.toml; a test compares the two.
struct Config {
    CoordinatorConfig coordinator;
    bool operator==(const Config&) const = default;
};

/// A value as it stands in the file, before anybody knows whether it belongs there. `Misfit` is a
/// type that no key of ours has (a date, a table where a value should be) under its TOML name.
struct Misfit {
    std::string type;
    bool operator==(const Misfit&) const = default;
};

using ConfigValue = std::variant<bool, std::int64_t, double, std::string, Misfit>;

/// One key of the file with where it stands. A table without keys is an entry without key.
struct ConfigEntry {
    std::string table;  ///< "coordinator"; empty for a key before the first table
    std::string key;    ///< empty: the table itself
    ConfigValue value;
    std::size_t line = 0;
    bool operator==(const ConfigEntry&) const = default;
};

struct ConfigMistake {
    std::size_t line = 0;
    std::string text;  ///< "coordinator.level: \"off\" is no level; write \"observe\", ..."
    bool operator==(const ConfigMistake&) const = default;
};

/// What a file says. With mistakes the config is not to be used.
struct CheckedConfig {
    Config config;
    std::vector<ConfigMistake> mistakes;
    bool operator==(const CheckedConfig&) const = default;
};

/// Every entry checked, every mistake reported: unknown tables and keys, wrong types, wrong values.
CheckedConfig check_config(const std::vector<ConfigEntry>& entries);

}  // namespace slotd::policy
