// Compiled once for each target, with its entry for SLOTD_FUZZ_TARGET.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
    slotd::fuzz::SLOTD_FUZZ_TARGET({bytes, count});
    return 0;
}
