#pragma once

#include <cstddef>
#include <string_view>

namespace slotd {

/// How many characters must be inserted, deleted or replaced to turn one text into the other,
/// without regard to ASCII case. For "did you mean": bounded, only the first 64 bytes of each are
/// compared.
std::size_t edit_distance(std::string_view one, std::string_view other);

}  // namespace slotd
