#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"

namespace slotd::control {

/// Inside this module only: fields of an object that may be anything. Absent, null and of another
/// type are all the same: empty.
std::string text_at(const nlohmann::json& object, const char* name);
std::uint64_t number_at(const nlohmann::json& object, const char* name);
bool flag_at(const nlohmann::json& object, const char* name);
std::vector<std::string> texts_at(const nlohmann::json& object, const char* name);

/// The parameters of a reply to `method` of the coordinator's interface, checked against its text:
/// after this, at() of a field that is not nullable cannot throw.
Result<nlohmann::json> checked_reply(std::string_view parameters, std::string_view method);

/// "failed to read slotd's reply: field NAME".
std::unexpected<Error> wrong_field(const char* name);

}  // namespace slotd::control
