#include "base/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <string_view>

namespace slotd {

namespace {

constexpr std::size_t kComparedMax = 64;

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

std::size_t edit_distance(std::string_view one, std::string_view other) {
    one = one.substr(0, kComparedMax);
    other = other.substr(0, kComparedMax);
    // Levenshtein's table, one row at a time: row[j] is the distance to the first j of `other`.
    std::array<std::size_t, kComparedMax + 1> row{};
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= one.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const std::size_t replaced =
                diagonal + (lower(one[i - 1]) == lower(other[j - 1]) ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[other.size()];
}

}  // namespace slotd
