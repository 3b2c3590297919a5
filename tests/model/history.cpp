#include "tests/model/history.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "coordinator/step.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "history/stamp.hpp"

namespace slotd::model {

namespace {

/// The budget window never passes in the model, so one moment is as good as another.
const history::Stamp kAlways{0, 0, "boot"};

bool is_end_of(const history::AttemptReserved& begun, const history::Entry& entry) {
    const auto* const end = std::get_if<history::AttemptEnded>(&entry);
    return end != nullptr && end->port == begun.port && end->incident == begun.incident &&
           end->attempt == begun.attempt;
}

bool is_of_incident(const history::Entry& entry) {
    return std::holds_alternative<history::IncidentOpened>(entry) ||
           std::holds_alternative<history::IncidentClosed>(entry);
}

}  // namespace

// Of a slot's incidents only the newest counts, and one that ended well only for the attempts that
// it settles.
void History::keep(const history::Entry& entry) {
    if (is_of_incident(entry)) {
        std::erase_if(rows_, [&](const history::Row& row) {
            return is_of_incident(row.entry) &&
                   history::port_of(row.entry) == history::port_of(entry);
        });
        const auto* const closed = std::get_if<history::IncidentClosed>(&entry);
        const bool settles = std::ranges::any_of(rows_, [&](const history::Row& row) {
            return std::holds_alternative<history::AttemptReserved>(row.entry) &&
                   history::port_of(row.entry) == history::port_of(entry);
        });
        if (closed != nullptr && closed->well && !settles) {
            return;
        }
    }
    rows_.push_back({rows_.size() + 1, kAlways, entry});
}

void History::append(const coordinator::Remember& wanted, bool read_again) {
    if (wanted.ticket) {
        writing_.push_back(wanted);
    } else if (read_again || opening_ || !is_of_incident(wanted.entry)) {
        keep(wanted.entry);
    }
}

void History::forget_incidents() {
    std::erase_if(rows_, [](const history::Row& row) { return is_of_incident(row.entry); });
}

history::Opened History::open(Duration window, bool read_again) {
    opening_ = false;
    history::Opened opened{history::recall(rows_, kAlways, window), {}};
    if (!read_again) {
        forget_incidents();
    }
    return opened;
}

History::Written History::write() {
    const coordinator::Remember first = std::move(writing_.front());
    writing_.pop_front();
    keep(first.entry);
    return {std::get<history::AttemptReserved>(first.entry), {*first.ticket, {}}};
}

History::Written History::fail() {
    const coordinator::Remember first = std::move(writing_.front());
    writing_.pop_front();
    return {std::get<history::AttemptReserved>(first.entry),
            {*first.ticket, failure(ErrorKind::Io, "write to the history")}};
}

void History::lose_slotd(bool written) {
    for (const coordinator::Remember& one : std::exchange(writing_, {})) {
        if (written) {
            keep(one.entry);
        }
    }
    opening_ = true;
}

std::vector<std::uint64_t> History::outline() const {
    std::vector<std::uint64_t> words;
    for (auto row = rows_.begin(); row != rows_.end(); ++row) {
        const auto* const begun = std::get_if<history::AttemptReserved>(&row->entry);
        std::uint64_t word = 16 * row->entry.index();
        if (begun != nullptr) {
            const auto end = std::find_if(row, rows_.end(), [&](const history::Row& later) {
                return is_end_of(*begun, later.entry);
            });
            word += begun->automatic ? 8 : 0;
            if (end != rows_.end()) {
                const auto& how = std::get<history::AttemptEnded>(end->entry);
                word += 1U + (how.well ? 2U : 0U) + (how.ambiguous ? 4U : 0U);
            }
        } else if (std::holds_alternative<history::AttemptEnded>(row->entry)) {
            continue;
        } else if (const auto* const closed = std::get_if<history::IncidentClosed>(&row->entry)) {
            word += (closed->well ? 1U : 0U) + (closed->frozen ? 2U : 0U);
        }
        if (const auto port = history::port_of(row->entry)) {
            word += (std::uint64_t{port->bus} << 16) + (std::uint64_t{port->device} << 24);
        }
        words.push_back(word);
    }
    return words;
}

}  // namespace slotd::model
