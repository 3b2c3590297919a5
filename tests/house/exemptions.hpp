#pragma once

#include <array>
#include <string_view>

namespace slotd::house {

/// A file that may break a size rule, and why. One that no longer needs it is a failure too.
struct Exemption {
    std::string_view path;
    std::string_view rule;  ///< "columns", "functions" or "length"
    std::string_view reason;
};

inline constexpr std::array<Exemption, 0> kExemptions{};

}  // namespace slotd::house
