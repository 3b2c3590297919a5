#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "control/idl.hpp"

namespace slotd::control {

/// Inside this module only: whether a value is what the interface says.

/// What to make of object keys that the interface does not have.
enum class UnknownFields { Refuse, Ignore };

/// nullopt when `value` is of `type`; else the name of the first field that is not ("target",
/// "slot.functions"), or "parameters" for the whole.
std::optional<std::string> mismatch(const Idl& idl, const IdlType& type,
                                    const nlohmann::json& value, UnknownFields unknown);

}  // namespace slotd::control
