#include "os/loans.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/passed_fds.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

Status Loans::put(std::uint64_t request, std::vector<UniqueFd> fds) {
    if (fds.empty() || fds.size() > kPassedFdsMax) {
        return failure(ErrorKind::Malformed,
                       "take a loan of " + std::to_string(fds.size()) + " descriptors");
    }
    if (fds_.contains(request)) {
        return failure(ErrorKind::Busy, "take a second loan of one request");
    }
    if (fds_.size() >= kLoansMax) {
        return failure(ErrorKind::Overflow, "take another loan of descriptors");
    }
    fds_.emplace(request, std::move(fds));
    return {};
}

std::vector<UniqueFd> Loans::take(std::uint64_t request) {
    auto found = fds_.extract(request);
    return found ? std::move(found.mapped()) : std::vector<UniqueFd>{};
}

void Loans::close(std::uint64_t request) {
    fds_.erase(request);
}

}  // namespace slotd::os
