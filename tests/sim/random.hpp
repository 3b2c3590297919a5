#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.hpp"
#include "base/time.hpp"

namespace slotd::sim {

/// SplitMix64 (Steele, Lea, Flood 2014) with distributions of our own: a seed means the same
/// numbers with every compiler, library and machine.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next();
    /// 0 to bound - 1; bound is not 0.
    std::uint64_t below(std::uint64_t bound);
    /// True in `of_1000` of 1000 cases.
    bool chance(unsigned of_1000);
    /// Whole microseconds from `least` to `most`, both included.
    Duration between(Duration least, Duration most);
    /// A stream of its own, so that what one part draws does not move what another one gets.
    Random fork();

    template <class T>
    const T& pick(const std::vector<T>& from) {
        SLOTD_ASSERT(!from.empty());
        return from[static_cast<std::size_t>(below(from.size()))];
    }

private:
    std::uint64_t state_;
};

}  // namespace slotd::sim
