#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "engine/ports.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/stamp.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

namespace slotd::sim {

/// The simulated history: rows that outlive slotd, a disk that takes its time and is sometimes
/// broken. What is remembered at the next start is read by the production history::Recall.
class MemoryHistory final : public engine::History {
public:
    using Tell = std::function<void(const history::News&)>;

    using Reserved = std::function<void(const history::AttemptReserved&)>;

    /// `reserved` is told of each reservation that is on the disk, before slotd is.
    MemoryHistory(Schedule& schedule, Random random, Tell tell, Reserved reserved);

    void append(const history::Entry& entry, std::optional<history::Ticket> ticket) override;

    /// For the next slotd: opens after a while, and forgets what the last one waited for.
    void open();

    void close() { reader_ += 1; }

    /// Nothing can be written for this long.
    void break_for(Duration length);
    /// Each write takes up to so much longer, for this long.
    void slow_down(Duration by, Duration length);

private:
    void say_opened(unsigned reader);
    history::Stamp stamp() const;

    Schedule& schedule_;
    Random random_;
    Tell tell_;
    Reserved reserved_;
    std::vector<history::Row> rows_;
    std::uint64_t seq_ = 0;
    Instant broken_until_{};
    Instant slow_until_{};
    Duration slow_by_{};
    Instant last_{};  ///< entries are written one after the other
    bool usable_ = false;
    unsigned reader_ = 0;
};

}  // namespace slotd::sim
