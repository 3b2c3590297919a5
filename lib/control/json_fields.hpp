#pragma once

#include <expected>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"

namespace slotd::control {

/// Inside this module only.

/// The parameters of a reply to `method` of the coordinator's interface, checked against its text:
/// after this, at() of a field that is not nullable cannot throw.
Result<nlohmann::json> checked_reply(std::string_view parameters, std::string_view method);

/// "failed to read slotd's reply: field NAME".
std::unexpected<Error> wrong_field(const char* name);

}  // namespace slotd::control
