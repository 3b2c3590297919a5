#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/config.hpp"
#include "policy/config_entry.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy {

/// What is wrong with a value and what to write instead; nullopt when it was taken over.
using Complaint = std::optional<std::string>;

/// A key that may stand in a table, what takes its value over, and what writes it.
template <class Target>
struct ConfigKey {
    std::string_view table;
    std::string_view name;
    Complaint (*take)(const ConfigValue& value, Target& target);
    /// As TOML; empty where a rule does not set it.
    std::string (*write)(const Target& target);
};

/// Keys of tables that stand once.
std::span<const ConfigKey<Config>> config_keys();
/// Keys of [[rule]]; those of its match table as "match.slot".
std::span<const ConfigKey<Rule>> rule_keys();

}  // namespace slotd::policy
