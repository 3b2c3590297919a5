#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace slotd::detail {

void assertion_failed(const char* expression, const char* file, int line) {
    // <2>: critical, for a journal that reads stderr.
    (void)std::fprintf(stderr, "<2>assertion failed: %s at %s:%d\n", expression, file, line);
    std::abort();
}

}  // namespace slotd::detail
