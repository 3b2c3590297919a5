#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"

namespace slotd {

/// JSON from outside. The full nlohmann/json.hpp is slow to compile and stays in few sources.

/// Deep enough for every message of ours, shallow enough for every recursion over it.
inline constexpr std::size_t kJsonDepthMax = 16;

/// One JSON object from foreign bytes. What JSON leaves open is refused here: nesting beyond the
/// bound, one key twice in an object (two readers would see two values), bytes that are not UTF-8,
/// numbers that no double holds.
Result<nlohmann::json> parse_json_object(std::string_view text);

/// As one line; bytes that are not UTF-8 are replaced, never an exception.
std::string json_text(const nlohmann::json& value);

/// Fields of an object that may be anything. Absent, null and of another type are all the same:
/// empty.
std::string text_at(const nlohmann::json& object, const char* name);
std::uint64_t number_at(const nlohmann::json& object, const char* name);
bool flag_at(const nlohmann::json& object, const char* name);
std::vector<std::string> texts_at(const nlohmann::json& object, const char* name);

}  // namespace slotd
