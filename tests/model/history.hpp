#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/time.hpp"
#include "coordinator/step.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"

namespace slotd::model {

/// The history database and the thread that writes it. What is asked for with a ticket is answered
/// later, the rest is on the disk at once. Of a slot's incidents the newest is kept, and none where
/// no slotd will read them any more: `read_again`.
class History {
public:
    void append(const coordinator::Remember& wanted, bool read_again);

    /// Has not said yet what it remembers.
    bool is_opening() const { return opening_; }

    bool is_writing() const { return !writing_.empty(); }

    history::Opened open(Duration window, bool read_again);

    /// The attempt that has waited longest is on the disk; or cannot be written.
    struct Written {
        history::AttemptReserved entry;
        history::Written news;
    };

    Written write();
    Written fail();
    /// slotd is gone: what was being written is on the disk, or is lost.
    void lose_slotd(bool written);

    const std::vector<history::Row>& rows() const { return rows_; }

    const std::deque<coordinator::Remember>& writing() const { return writing_; }

    /// As a word: which of the reserved attempts has which end. Attempts in the order of their
    /// reservation; numbers and incidents are only used to find the end.
    std::vector<std::uint64_t> outline() const;

private:
    void keep(const history::Entry& entry);
    void forget_incidents();

    bool opening_ = true;
    std::vector<history::Row> rows_;
    std::deque<coordinator::Remember> writing_;
};

}  // namespace slotd::model
