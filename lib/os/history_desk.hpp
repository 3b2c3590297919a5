#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/query.hpp"
#include "os/history_database.hpp"
#include "os/history_settings.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// Something that waits for the history's thread.
struct HistoryJob {
    std::variant<Noted, HistorySearch> what;
    std::optional<history::Ticket> ticket;
};

/// What the thread is to do next. Nothing of it: look whether the history can be opened again.
struct HistoryWork {
    std::vector<HistoryJob> jobs;  ///< all entries, or one query; at most kJobsAtOnce
    bool end = false;              ///< nothing waits any more, and nothing will come
};

/// Where the loop's thread and the history's thread meet: jobs go one way, news the other. Every
/// call holds the lock for memory-speed work only; next() alone waits. Both threads share
/// ownership, so that either can outlive the other.
class HistoryDesk {
public:
    HistoryDesk(UniqueFd bell, std::size_t queue_max);

    /// Both in the loop's thread.
    void put(HistoryJob job);
    std::vector<history::News> drain();

    int fd() const { return bell_.get(); }

    /// Tells the thread to end, and waits for that. False: it did not within `patience`.
    bool end(Duration patience);

    /// All below in the history's thread.
    /// Waits for jobs; where the history is not usable, only until it is time to try again. Entries
    /// that may be lost in a power cut anyway wait for `gather` that others join them: one
    /// transaction for all, and none in front of a reset. No entry waits for a query that has not
    /// begun.
    HistoryWork next(Duration retry, Duration gather);
    void opened(history::Opened news);
    /// Answers every ticket that waits with `error`, and every later one until opened(); says so
    /// once.
    void unusable(const Error& error);
    void written(const std::vector<HistoryJob>& jobs);
    void answered(const HistoryJob& job, std::vector<history::Row> rows);
    /// A query that is not answered yet; its turn comes again.
    void put_back(HistoryJob query);
    /// These could not be done: tickets get `error`, entries without one wait on where they were.
    void failed(std::vector<HistoryJob> jobs, const Error& error);
    void ended();

    static constexpr std::size_t kJobsAtOnce = 64;

private:
    enum class State : std::uint8_t { Opening, Usable, Unusable };

    void tell(history::News news);
    void refuse(const HistoryJob& job, const Error& error);
    bool make_room(const HistoryJob& job);

    const UniqueFd bell_;
    const std::size_t queue_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    State state_ = State::Opening;
    Error why_;
    std::deque<HistoryJob> jobs_;
    std::vector<history::News> news_;
    std::uint64_t dropped_ = 0;
    bool ending_ = false;
    bool ended_ = false;
};

/// The history's thread: opens, writes, answers, tries again, until the desk says end.
void keep_history(HistoryDesk& desk, const HistorySettings& settings);

}  // namespace slotd::os
