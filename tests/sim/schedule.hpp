#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/time.hpp"

namespace slotd::sim {

/// Virtual time and what happens in it. What is due at the same instant happens in the order in
/// which it was asked for.
class Schedule {
public:
    using Happening = std::function<void()>;

    Instant now() const { return now_; }

    void at(Instant when, Happening what);
    void after(Duration delay, Happening what);
    /// When the next thing happens; kNever if nothing is to come.
    Instant next() const;
    /// Moves the clock to the next happening and lets it happen.
    void run_next();
    /// Moves the clock; nothing is due before `when`.
    void advance_to(Instant when);

    std::size_t pending() const { return happenings_.size(); }

private:
    Instant now_{};
    std::uint64_t asked_ = 0;
    std::map<std::pair<Instant, std::uint64_t>, Happening> happenings_;
};

}  // namespace slotd::sim
