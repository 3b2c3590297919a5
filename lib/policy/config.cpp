#include "policy/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/nearest.hpp"
#include "policy/config_entry.hpp"
#include "policy/config_keys.hpp"
#include "policy/config_values.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy {

namespace {

constexpr std::string_view kRule = "rule";

/// "known here: a, b", the likeliest first.
std::string known(std::string_view wrong, std::vector<std::string_view> names) {
    std::ranges::stable_sort(names, {}, [&](auto name) { return edit_distance(wrong, name); });
    std::string text;
    for (const std::string_view name : names) {
        text += (text.empty() ? "" : ", ") + std::string(name);
    }
    return text;
}

std::vector<std::string_view> tables() {
    std::vector<std::string_view> names;
    for (const auto& key : config_keys()) {
        if (std::ranges::find(names, key.table) == names.end()) {
            names.push_back(key.table);
        }
    }
    names.push_back(kRule);
    return names;
}

bool is_table(std::string_view name) {
    const std::vector<std::string_view> names = tables();
    return std::ranges::find(names, name) != names.end();
}

std::string brackets(std::string_view table) {
    return table == kRule ? "[[rule]]" : fmt::format("[{}]", table);
}

/// What is wrong with where the entry stands, before anybody looks at its key.
Complaint misplaced(const ConfigEntry& entry) {
    if (entry.table.empty()) {
        return is_table(entry.key)
                   ? fmt::format("{}: {} stands where a table should be; write {}", entry.key,
                                 values::quoted(entry.value), brackets(entry.key))
                   : fmt::format("{}: stands before any table; write it below one of: {}",
                                 entry.key, known(entry.key, tables()));
    }
    if (!is_table(entry.table)) {
        return fmt::format("{}: unknown table; known: {}", entry.table,
                           known(entry.table, tables()));
    }
    if (entry.table == kRule && entry.index == 0) {
        return std::string("rule: there may be several; write [[rule]], not [rule]");
    }
    if (entry.table != kRule && entry.index != 0) {
        return fmt::format("{0}: stands once; write [{0}], not [[{0}]]", entry.table);
    }
    if (entry.index > kRulesMax) {
        return fmt::format("rule: rule number {}; write at most {}", entry.index, kRulesMax);
    }
    return std::nullopt;
}

template <class Target>
Complaint take(std::span<const ConfigKey<Target>> keys, const ConfigEntry& entry, Target& target) {
    std::vector<std::string_view> names;
    for (const auto& key : keys) {
        if (key.table != entry.table) {
            continue;
        }
        if (key.name == entry.key) {
            const Complaint complaint = key.take(entry.value, target);
            return complaint
                       ? Complaint(fmt::format("{}.{}: {}", entry.table, entry.key, *complaint))
                       : std::nullopt;
        }
        names.push_back(key.name);
    }
    return fmt::format("{}.{}: unknown key; known in {}: {}", entry.table, entry.key,
                       brackets(entry.table), known(entry.key, names));
}

/// What is wrong with a rule as a whole.
Complaint pointless(const Rule& rule) {
    if (rule.match == Match{}) {
        return "rule: fits every slot; write match = { ... }, or what is for all slots below "
               "[coordinator]";
    }
    Rule without_settings;
    without_settings.name = rule.name;
    without_settings.match = rule.match;
    if (rule == without_settings) {
        return "rule: sets nothing; write level, automatic_action, steps, verification_ms, soak_ms "
               "or in_use";
    }
    return std::nullopt;
}

/// Rules as they are filled, with the place of each and whether something in it was wrong.
struct RuleDraft {
    Rule rule;
    std::size_t line = 0;
    std::size_t file = 0;
    bool faulty = false;
};

class Check {
public:
    void look_at(const ConfigEntry& entry) {
        if (const Complaint complaint = misplaced(entry)) {
            // Once for each table: its keys have nothing to add.
            if (entry.table.empty() || entry.key.empty()) {
                complain(entry, *complaint);
            }
            return;
        }
        if (entry.table != kRule) {
            if (!entry.key.empty() &&
                !complain(entry, take(config_keys(), entry, checked_.config))) {
                remember(entry);
            }
            return;
        }
        RuleDraft& draft = rules_[entry.index];
        if (entry.key.empty()) {
            draft.line = entry.line;
            draft.file = entry.file;
            remember(entry);
        } else if (complain(entry, take(rule_keys(), entry, draft.rule))) {
            draft.faulty = true;
        }
    }

    CheckedConfig finish() {
        for (auto& [index, draft] : rules_) {
            // A rule whose settings were not understood only looks as if it had none.
            if (!draft.faulty) {
                complain(draft, pointless(draft.rule));
            }
            if (draft.rule.name.empty()) {
                draft.rule.name = fmt::format("rule {}", index);
            }
            checked_.config.policy.rules.push_back(std::move(draft.rule));
        }
        std::ranges::stable_sort(checked_.mistakes, {}, [](const ConfigMistake& mistake) {
            return std::pair(mistake.file, mistake.line);
        });
        return std::move(checked_);
    }

private:
    /// About an entry or a rule.
    bool complain(const auto& subject, const Complaint& complaint) {
        if (complaint) {
            checked_.mistakes.push_back({subject.line, *complaint, subject.file});
        }
        return complaint.has_value();
    }

    /// The later of two places counts.
    void remember(const ConfigEntry& entry) {
        std::erase_if(checked_.origins, [&](const ConfigOrigin& one) {
            return one.table == entry.table && one.key == entry.key && one.index == entry.index;
        });
        checked_.origins.push_back({entry.table, entry.key, entry.index, entry.line, entry.file});
    }

    CheckedConfig checked_;
    std::map<std::size_t, RuleDraft> rules_;  ///< by number, so in the order of the file
};

}  // namespace

CheckedConfig check_config(const std::vector<ConfigEntry>& entries) {
    Check check;
    for (const ConfigEntry& entry : entries) {
        check.look_at(entry);
    }
    return check.finish();
}

Limits limits_of(const Config& config) {
    Limits limits;
    limits.budget = config.budget.slot;
    limits.budget_root_port = config.budget.root_port;
    limits.budget_host = config.budget.host;
    limits.budget_window = config.budget.window;
    limits.hooks = true;
    return limits;
}

}  // namespace slotd::policy
