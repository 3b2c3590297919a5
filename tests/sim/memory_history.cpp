#include "tests/sim/memory_history.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include "base/result.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "history/stamp.hpp"
#include "policy/limits.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

namespace slotd::sim {

using namespace std::chrono_literals;

MemoryHistory::MemoryHistory(Schedule& schedule, Random random, Tell tell, Reserved reserved)
    : schedule_(schedule),
      random_(random),
      tell_(std::move(tell)),
      reserved_(std::move(reserved)) {}

history::Stamp MemoryHistory::stamp() const {
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(schedule_.now().time_since_epoch());
    return {now.count(), now.count(), "boot"};
}

void MemoryHistory::append(const history::Entry& entry, std::optional<history::Ticket> ticket) {
    const bool slow = schedule_.now() < slow_until_;
    const Duration takes =
        random_.between(200us, 20ms) + (slow ? random_.between(0ms, slow_by_) : Duration{});
    last_ = std::max(last_, schedule_.now()) + takes;
    schedule_.at(last_, [this, entry, ticket, reader = reader_] {
        const bool works = schedule_.now() >= broken_until_;
        if (works) {
            rows_.push_back({++seq_, stamp(), entry});
        }
        if (const auto* const one = std::get_if<history::AttemptReserved>(&entry);
            one != nullptr && works) {
            reserved_(*one);
        }
        if (ticket && reader == reader_) {
            tell_(history::Written{
                *ticket, works ? Status{} : Status{failure(ErrorKind::Io, "write the history")}});
        }
    });
}

void MemoryHistory::open() {
    reader_ += 1;
    usable_ = false;
    schedule_.after(random_.between(1ms, 50ms), [this, reader = reader_] { say_opened(reader); });
}

void MemoryHistory::say_opened(unsigned reader) {
    if (reader != reader_ || usable_) {
        return;
    }
    if (schedule_.now() < broken_until_) {
        schedule_.at(broken_until_, [this, reader] { say_opened(reader); });
        return;
    }
    usable_ = true;
    history::Recall recall(stamp(), policy::Limits{}.budget_window, policy::kBudgetWindowMax);
    for (const history::Row& row : rows_) {
        recall.add(row);
    }
    tell_(history::Opened{recall.remembered(), {}});
}

void MemoryHistory::break_for(Duration length) {
    broken_until_ = std::max(broken_until_, schedule_.now() + length);
    if (usable_) {
        usable_ = false;
        tell_(history::Unusable{"the disk of the history is broken"});
        schedule_.at(broken_until_, [this, reader = reader_] { say_opened(reader); });
    }
}

void MemoryHistory::slow_down(Duration by, Duration length) {
    slow_by_ = by;
    slow_until_ = schedule_.now() + length;
}

}  // namespace slotd::sim
