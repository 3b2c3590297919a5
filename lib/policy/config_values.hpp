#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "policy/config_entry.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"

/// Values of the configuration file: each function takes what stands there and returns what it
/// means, or what is wrong with it and what to write instead.
namespace slotd::policy::values {

template <class T>
using Read = std::expected<T, std::string>;

inline constexpr std::size_t kElementsMax = 64;  ///< of a list
inline constexpr std::size_t kTextMax = 255;     ///< bytes of a name or path

/// The value as a person wrote it, for "... is not ...".
std::string quoted(const ConfigValue& value);

Read<Level> level(const ConfigValue& value);
Read<bool> flag(const ConfigValue& value);
/// A whole number from `least` to `most`.
Read<std::uint32_t> count(const ConfigValue& value, std::uint32_t least, std::uint32_t most);
Read<Duration> milliseconds(const ConfigValue& value, std::uint32_t least, std::uint32_t most);
/// An absolute path.
Read<std::string> directory(const ConfigValue& value);
/// A text of 1 to kTextMax bytes without control characters.
Read<std::string> name(const ConfigValue& value);

/// At least one step, none twice, quarantine last.
Read<std::vector<Rung>> steps(const ConfigValue& value);
/// None twice. Empty: nothing counts as use.
Read<std::vector<UseKind>> use_kinds(const ConfigValue& value);

// Lists to match against; an empty one would match nothing and is a mistake.
Read<std::vector<pci::Address>> ports(const ConfigValue& value);
Read<std::vector<std::string>> names(const ConfigValue& value);
Read<std::vector<IdPattern>> ids(const ConfigValue& value);
Read<std::vector<std::string>> classes(const ConfigValue& value);

}  // namespace slotd::policy::values
