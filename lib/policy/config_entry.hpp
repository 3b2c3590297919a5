#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace slotd::policy {

/// A type that no key of ours has (a date, a table where a value should be) under its TOML name.
struct Misfit {
    std::string type;
    bool operator==(const Misfit&) const = default;
};

using ConfigScalar = std::variant<bool, std::int64_t, double, std::string, Misfit>;
using ConfigList = std::vector<ConfigScalar>;

/// A value as it stands in the file, before anybody knows whether it belongs there.
using ConfigValue = std::variant<bool, std::int64_t, double, std::string, Misfit, ConfigList>;

/// One key of the file with where it stands. Every table has an entry for itself, without key.
struct ConfigEntry {
    std::string table;  ///< "coordinator"; empty for a key before the first table
    std::string key;    ///< "level", "match.slot" in a table of [[...]]; empty: the table itself
    ConfigValue value;
    std::size_t line = 0;
    std::size_t index = 0;  ///< which of the [[table]]s, from 1; 0 for a [table]
    std::size_t file = 0;   ///< which of the files, in the order of reading: later ones win
    bool operator==(const ConfigEntry&) const = default;
};

struct ConfigMistake {
    std::size_t line = 0;
    std::string text;  ///< "coordinator.level: \"off\" is not a level; write \"observe\", ..."
    std::size_t file = 0;
    bool operator==(const ConfigMistake&) const = default;
};

}  // namespace slotd::policy
