#pragma once

#include <cstddef>

namespace slotd::control {

/// Descriptors of one connection may wait for their call; more end the connection.
inline constexpr std::size_t kLoanDescriptorsMax = 64;

/// File descriptors that came with a call, without saying what one is: whoever holds the Loan owns
/// them, and its end closes them. So whatever becomes of the call, none is left over.
class Loan {
public:
    Loan() = default;
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    virtual ~Loan() = default;

    virtual std::size_t count() const = 0;
    /// False where the kernel could not pass all that were sent (no descriptor left here).
    virtual bool whole() const = 0;
};

}  // namespace slotd::control
