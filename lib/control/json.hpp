#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"
#include "control/idl.hpp"

namespace slotd::control {

/// Inside this module only; the full nlohmann/json.hpp is slow to compile and stays in few sources.

/// Deep enough for every message of the interface, shallow enough for every recursion over it.
inline constexpr std::size_t kJsonDepthMax = 16;

/// One JSON object from foreign bytes. What JSON leaves open is refused here: nesting beyond the
/// bound, one key twice in an object (two readers would see two values), bytes that are not UTF-8,
/// numbers that no double holds.
Result<nlohmann::json> parse_json_object(std::string_view text);

/// As one line; bytes that are not UTF-8 are replaced, never an exception.
std::string json_text(const nlohmann::json& value);

/// What to make of object keys that the interface does not have.
enum class UnknownFields { Refuse, Ignore };

/// nullopt when `value` is of `type`; else the name of the first field that is not ("target",
/// "slot.functions"), or "parameters" for the whole.
std::optional<std::string> mismatch(const Idl& idl, const IdlType& type,
                                    const nlohmann::json& value, UnknownFields unknown);

}  // namespace slotd::control
