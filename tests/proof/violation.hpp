#pragma once

#include <string>
#include <vector>

namespace slotd::proof {

/// An invariant of DESIGN section 4 that does not hold.
struct Violation {
    int invariant = 0;  ///< 1 to 9
    std::string text;   ///< what is wrong, for a person

    bool operator==(const Violation&) const = default;
};

using Violations = std::vector<Violation>;

}  // namespace slotd::proof
