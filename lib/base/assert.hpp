#pragma once

namespace slotd::detail {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}  // namespace slotd::detail

/// States what this program itself guarantees; stays on in release builds, prints and aborts (the
/// service manager restarts us and the gate record opens what was closed). Never for anything that
/// the kernel, a file or a peer said: that is an Error.
#define SLOTD_ASSERT(expression)   \
    (static_cast<bool>(expression) \
         ? static_cast<void>(0)    \
         : ::slotd::detail::assertion_failed(#expression, __FILE__, __LINE__))
