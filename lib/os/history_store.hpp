#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/query.hpp"
#include "history/stamp.hpp"

namespace slotd::os {

/// Wall clock, time since boot and boot id, now.
history::Stamp read_stamp();

/// Bounds and places of the history.
struct HistorySettings {
    std::string directory;  ///< exists; the files in it belong to the history
    Duration window{};      ///< the longest budget window: what is remembered as spent
    Duration age_max = std::chrono::hours(24 * 400);
    std::uint64_t bytes_max = std::uint64_t{64} * 1024 * 1024;  ///< of the database
    std::size_t queue_max = 1024;               ///< entries and queries that wait for the disk
    Duration retry = std::chrono::seconds(15);  ///< between tries to make it usable again
    std::function<history::Stamp()> clock = read_stamp;  ///< called in any thread
    std::string vfs;  ///< SQLite's name of the file layer; empty: the usual one
};

namespace detail {
class HistoryDesk;
}  // namespace detail

/// The history in a SQLite file, written by one thread of its own. No call but the destructor and
/// wait_for_news() ever waits for the disk; what comes of them comes out of drain(), in the thread
/// that watches fd().
class HistoryStore {
public:
    /// Starts the thread, which opens or makes <directory>/history.db. Opened or Unusable is the
    /// first news.
    explicit HistoryStore(HistorySettings settings);
    /// Gives the thread `patience_at_end` to write what waits and to close the file, then leaves it
    /// behind: it can hang in the kernel for ever, and must not take slotd with it.
    ~HistoryStore();
    HistoryStore(const HistoryStore&) = delete;
    HistoryStore& operator=(const HistoryStore&) = delete;

    /// With a ticket: exactly one Written follows, a failed one at once where the history is
    /// unusable or its queue is full. Without: best effort; what cannot be written now waits,
    /// within the queue's bound, until it can; what is dropped is counted and said.
    void append(history::Entry entry, const history::Stamp& at,
                std::optional<history::Ticket> ticket = {});
    /// Exactly one Answered follows.
    void query(const history::Query& query, history::Ticket ticket);

    /// Readable while there is news; for the event loop.
    int fd() const;
    /// Takes all news there is, in the order of happening.
    std::vector<history::News> drain();
    /// For the start of the daemon, before its loop runs: true as soon as there is news, false
    /// where `patience` passed without.
    bool wait_for_news(Duration patience) const;

private:
    std::shared_ptr<detail::HistoryDesk> desk_;
};

}  // namespace slotd::os
