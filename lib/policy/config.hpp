#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "policy/config_entry.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy {

/// [budget]: how often slotd may act without being asked, within `window`. An attempt counts for
/// its slot, its Root Port and the machine. 0: never.
struct BudgetConfig {
    std::uint32_t slot = 5;  ///< as powerpc EEH: 5 freezes in an hour
    std::uint32_t root_port = 10;
    std::uint32_t host = 20;
    Duration window = 60min;
    bool operator==(const BudgetConfig&) const = default;
};

/// [history]: what is remembered over restarts.
struct HistoryConfig {
    std::string directory = "/var/lib/slotd";
    std::uint32_t keep_days = 400;
    std::uint32_t size_mib = 64;
    bool operator==(const HistoryConfig&) const = default;
};

/// [hooks]: who is asked before a step.
struct HooksConfig {
    std::string directory = "/run/slotd/hooks";  ///< of their sockets
    Duration patience = 10s;                     ///< silence beyond it is an objection
    bool operator==(const HooksConfig&) const = default;
};

/// The configuration file as a checked value. The defaults are written out, with reasons, in
/// config/slotd.toml; a test compares the two.
struct Config {
    Policy policy;  ///< [coordinator] is its defaults, each [[rule]] one of its rules
    BudgetConfig budget;
    HistoryConfig history;
    HooksConfig hooks;
    bool operator==(const Config&) const = default;
};

/// The bounds of this configuration; the others are as they are.
Limits limits_of(const Config& config);

/// Where something that counts stands: a key, or a rule as a whole.
struct ConfigOrigin {
    std::string table;
    std::string key;        ///< empty for a rule
    std::size_t index = 0;  ///< which rule, from 1; 0: none
    std::size_t line = 0;
    std::size_t file = 0;
    bool operator==(const ConfigOrigin&) const = default;
};

/// What a file says. With mistakes the config is not to be used.
struct CheckedConfig {
    Config config;
    std::vector<ConfigMistake> mistakes;     ///< in the order of the files and lines
    std::vector<ConfigOrigin> origins = {};  ///< of all that is not there by default
    bool operator==(const CheckedConfig&) const = default;
};

inline constexpr std::size_t kRulesMax = 64;

/// Every entry checked, every mistake reported: unknown tables and keys, wrong types, wrong values,
/// rules that match everything or set nothing. Of two entries for one key the later one holds.
CheckedConfig check_config(const std::vector<ConfigEntry>& entries);

}  // namespace slotd::policy
