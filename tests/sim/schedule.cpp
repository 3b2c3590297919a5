#include "tests/sim/schedule.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/time.hpp"

namespace slotd::sim {

void Schedule::at(Instant when, Happening what) {
    happenings_.emplace(std::pair(std::max(when, now_), asked_++), std::move(what));
}

void Schedule::after(Duration delay, Happening what) {
    at(now_ + delay, std::move(what));
}

Instant Schedule::next() const {
    return happenings_.empty() ? kNever : happenings_.begin()->first.first;
}

void Schedule::run_next() {
    SLOTD_ASSERT(!happenings_.empty());
    auto first = happenings_.extract(happenings_.begin());
    now_ = first.key().first;
    first.mapped()();
}

void Schedule::advance_to(Instant when) {
    SLOTD_ASSERT(when >= now_ && when <= next());
    now_ = when;
}

}  // namespace slotd::sim
