#pragma once

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/query.hpp"
#include "history/stamp.hpp"
#include "os/history_settings.hpp"

namespace slotd::os {

class HistoryDesk;

/// The history in a SQLite file, written by one thread of its own. No call but the destructor and
/// wait_for_news() ever waits for the disk; what comes of them comes out of drain(), in the thread
/// that watches fd().
class HistoryStore {
public:
    /// Starts the thread, which opens or makes <directory>/history.db. Opened or Unusable is the
    /// first news.
    explicit HistoryStore(HistorySettings settings);
    /// Gives the thread `settings.patience_at_end` to write what waits and to close the file, then
    /// leaves it behind: it can hang in the kernel for ever, and must not take slotd with it.
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
    Duration patience_;
    std::shared_ptr<HistoryDesk> desk_;
    std::thread thread_;
};

}  // namespace slotd::os
