#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/config.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy {

/// The configuration as TOML: every key, and what reads back as the same configuration. A comment
/// says where what is not there by default comes from; `files` are the names that the origins'
/// numbers stand for.
std::string config_text(const Config& config, const std::vector<ConfigOrigin>& origins = {},
                        const std::vector<std::string>& files = {});

/// What is in force for one slot, as the [coordinator] of a configuration that had no rules.
std::string slot_policy_text(const SlotPolicy& policy);

inline constexpr std::size_t kChangesMax = 24;

/// What is different, one line each: "budget.slot: 5 -> 6", "rule \"disks\": added". Where there
/// are more than kChangesMax, the last line says how many more. Rules are told apart by their
/// names.
std::vector<std::string> config_changes(const Config& before, const Config& after);

}  // namespace slotd::policy
