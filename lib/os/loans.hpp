#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/result.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// VFIO descriptors that clients have lent with their requests, by request, until the request is
/// carried out, declined or given up. Whoever holds one keeps its card in use, so each way out
/// closes them.
class Loans {
public:
    static constexpr std::size_t kLoansMax = 16;

    /// Malformed for no descriptor, or more than kPassedFdsMax; Busy where the request has lent
    /// already; Overflow at kLoansMax. What is not taken is closed.
    Status put(std::uint64_t request, std::vector<UniqueFd> fds);
    /// Hands them over, once; empty where there is no such loan.
    std::vector<UniqueFd> take(std::uint64_t request);
    /// Closes them. Nothing happens where there is no such loan.
    void close(std::uint64_t request);

    std::size_t size() const { return fds_.size(); }

private:
    std::map<std::uint64_t, std::vector<UniqueFd>> fds_;
};

}  // namespace slotd::os
