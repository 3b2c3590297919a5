#include "event/sequence_gaps.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "event/kernel_event.hpp"

namespace slotd::event {

void SequenceGaps::arrived(std::uint64_t number, Instant now) {
    if (number == 0 || number == std::numeric_limits<std::uint64_t>::max()) {
        return;  // the kernel counts from 1 and will not get to the end
    }
    if (!expected_) {
        expected_ = number + 1;
        return;
    }
    if (number < *expected_) {
        came_late(number);
        return;
    }
    if (number > *expected_ && !loss_is_reported_) {
        if (holes_.size() == kHolesMax) {
            // So many at once are no reordering: the oldest is judged early.
            count(holes_.front());
            holes_.erase(holes_.begin());
        }
        holes_.push_back(Hole{*expected_, number - 1, now});
    }
    expected_ = number + 1;
}

void SequenceGaps::came_late(std::uint64_t number) {
    const auto hole = std::ranges::find_if(
        holes_, [&](const Hole& open) { return open.first <= number && number <= open.last; });
    if (hole == holes_.end()) {
        return;
    }
    const Hole before{hole->first, number - 1, hole->seen};
    const Hole after{number + 1, hole->last, hole->seen};
    const auto at = holes_.erase(hole);
    const bool has_before = before.first <= before.last;
    const bool has_after = after.first <= after.last;
    if (has_before && has_after && holes_.size() + 2 > kHolesMax) {
        count(before);
        holes_.insert(at, after);
        return;
    }
    const auto next = has_after ? holes_.insert(at, after) : at;
    if (has_before) {
        holes_.insert(next, before);
    }
}

void SequenceGaps::loss_reported() {
    loss_is_reported_ = true;
    holes_.clear();
}

void SequenceGaps::queue_empty() {
    if (loss_is_reported_) {
        // What was dropped last shows as a hole before the next message only: start afresh there.
        expected_.reset();
        loss_is_reported_ = false;
    }
}

Instant SequenceGaps::next_deadline() const {
    Instant earliest = kNever;
    for (const Hole& hole : holes_) {
        earliest = std::min(earliest, hole.seen + kGrace);
    }
    if (missing_ != 0) {
        earliest = std::min(earliest, quiet_until_.value_or(Instant{}));
    }
    return earliest;
}

std::optional<EventsMissed> SequenceGaps::judge(Instant now) {
    std::erase_if(holes_, [&](const Hole& hole) {
        if (now < hole.seen + kGrace) {
            return false;
        }
        count(hole);
        return true;
    });
    if (missing_ == 0 || (quiet_until_ && now < *quiet_until_)) {
        return std::nullopt;
    }
    quiet_until_ = now + kQuiet;
    const std::uint64_t missing = std::exchange(missing_, 0);
    return EventsMissed{fmt::format("{} uevent{} (SEQNUM {} to {}), not lost by this socket",
                                    missing, missing == 1 ? "" : "s", missing_first_,
                                    missing_last_)};
}

void SequenceGaps::count(const Hole& hole) {
    missing_first_ = missing_ == 0 ? hole.first : std::min(missing_first_, hole.first);
    missing_last_ = missing_ == 0 ? hole.last : std::max(missing_last_, hole.last);
    missing_ += hole.last - hole.first + 1;
}

}  // namespace slotd::event
