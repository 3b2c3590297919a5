#include "tests/sim/random.hpp"

#include <chrono>
#include <cstdint>

#include "base/assert.hpp"
#include "base/time.hpp"

namespace slotd::sim {

std::uint64_t Random::next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
}

std::uint64_t Random::below(std::uint64_t bound) {
    SLOTD_ASSERT(bound != 0);
    return next() % bound;  // the bias of small bounds is of no interest here
}

bool Random::chance(unsigned of_1000) {
    return below(1000) < of_1000;
}

Duration Random::between(Duration least, Duration most) {
    using std::chrono::microseconds;
    const auto span = std::chrono::duration_cast<microseconds>(most - least).count();
    SLOTD_ASSERT(span >= 0);
    const auto part = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(span) + 1));
    return least + microseconds(part);
}

Random Random::fork() {
    return Random(next());
}

}  // namespace slotd::sim
