#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/query.hpp"
#include "history/stamp.hpp"
#include "os/history_settings.hpp"
#include "os/history_store.hpp"

namespace slotd::fakes {

/// Settings for a history in `directory`, with a clock that stands still: `minutes` after boot.
os::HistorySettings history_settings(const std::string& directory, std::int64_t minutes = 0);

/// That time, as a stamp.
history::Stamp stamp_at(std::int64_t minutes, const std::string& boot = "boot");

/// For the failure of a test.
std::string text_of(const history::News& news);

/// A history store and the patience to wait for what it says. Its news come one by one, in order;
/// one that does not come is a std::runtime_error, after half a minute.
class RunningHistory {
public:
    explicit RunningHistory(const os::HistorySettings& settings) : store(settings) {}

    history::News next();

    /// The next news, which is to be a T.
    template <class T>
    T expect() {
        history::News news = next();
        if (auto* const wanted = std::get_if<T>(&news)) {
            return std::move(*wanted);
        }
        throw std::runtime_error("other news than expected: " + text_of(news));
    }

    /// Appends with a ticket and waits for the answer, other news aside.
    Status write(const history::Entry& entry, std::int64_t minutes = 0);
    std::vector<history::Row> find(const history::Query& query);

    /// News that write() and find() passed over.
    std::vector<history::News> aside;

    os::HistoryStore store;

private:
    std::deque<history::News> waiting_;
    history::Ticket ticket_ = 1000;
};

}  // namespace slotd::fakes
