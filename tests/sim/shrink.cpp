#include "tests/sim/shrink.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "tests/proof/violation.hpp"
#include "tests/sim/report.hpp"
#include "tests/sim/simulation.hpp"

namespace slotd::sim {

namespace {

bool same_kind(const Verdict& one, const Verdict& other) {
    return std::ranges::any_of(one.violations, [&](const proof::Violation& violation) {
        return std::ranges::find(other.violations, violation.invariant,
                                 &proof::Violation::invariant) != other.violations.end();
    });
}

Verdict with(std::uint64_t seed, const std::vector<std::size_t>& only, bool trace) {
    Verdict verdict = run(seed, {.trace = trace, .only = only});
    std::vector<Planned> happened;
    for (const std::size_t index : only) {
        happened.push_back(verdict.plan[index]);
    }
    verdict.plan = std::move(happened);
    return verdict;
}

}  // namespace

Verdict shrink(const Verdict& violated) {
    std::vector<std::size_t> kept(violated.plan.size());
    std::iota(kept.begin(), kept.end(), 0U);
    // Halves first, then less, down to single entries (delta debugging, one pass each).
    for (std::size_t length = std::max<std::size_t>(kept.size() / 2, 1); length > 0; length /= 2) {
        for (std::size_t at = 0; at < kept.size();) {
            std::vector<std::size_t> fewer = kept;
            const std::size_t last = std::min(at + length, fewer.size());
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at),
                        fewer.begin() + static_cast<std::ptrdiff_t>(last));
            if (same_kind(violated, with(violated.seed, fewer, false))) {
                kept = std::move(fewer);
            } else {
                at += length;
            }
        }
    }
    return with(violated.seed, kept, true);
}

}  // namespace slotd::sim
