#include "daemon/standstill.hpp"

#include <algorithm>

#include "base/time.hpp"

namespace slotd::daemon {

void Standstill::armed(Instant at, Instant now) {
    due_ = std::max(at, now);
}

bool Standstill::seen_at(Instant now) {
    late_ = !late_ && now > due_ && now - due_ > kLate;
    return late_;
}

void Standstill::over(Instant now) {
    grace_until_ = now + kGrace;
}

Instant Standstill::deadline(Instant at) const {
    return std::max(at, grace_until_);
}

}  // namespace slotd::daemon
