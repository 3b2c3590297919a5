#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy::values {

/// Values as a configuration file has them: what config_values.hpp reads back as the same.
std::string written(bool flag);
std::string written(std::uint32_t count);
/// In quotes, whatever is in it: nothing of it ends the string, a line, or moves a cursor.
std::string written(std::string_view text);
std::string written(Level level);
std::string written(const std::vector<Rung>& steps);
std::string written(const std::vector<UseKind>& kinds);
std::string written(const std::vector<pci::Address>& ports);
std::string written(const std::vector<std::string>& names);
std::string written(const std::vector<IdPattern>& ids);
std::string written_milliseconds(Duration time);

/// Empty where a rule does not set it, or does not match by it.
template <class T>
std::string written_if_set(const std::optional<T>& value) {
    return value ? written(*value) : std::string();
}

template <class T>
std::string written_if_any(const std::vector<T>& list) {
    return list.empty() ? std::string() : written(list);
}

}  // namespace slotd::policy::values
