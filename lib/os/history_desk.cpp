#include "os/history_desk.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/query.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

const history::Entry* entry_of(const HistoryJob& job) {
    const auto* const noted = std::get_if<Noted>(&job.what);
    return noted != nullptr ? &noted->entry : nullptr;
}

/// Nobody waits for it, and it is one of the kinds that may be lost.
bool can_be_dropped(const HistoryJob& job) {
    const history::Entry* const entry = entry_of(job);
    return !job.ticket && entry != nullptr && !history::must_survive_power_cut(*entry);
}

}  // namespace

HistoryDesk::HistoryDesk(UniqueFd bell, std::size_t queue_max)
    : bell_(std::move(bell)),
      queue_max_(queue_max) {}

void HistoryDesk::put(HistoryJob job) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::Unusable && job.ticket) {
        refuse(job, why_);
        return;
    }
    if (jobs_.size() >= queue_max_ && !make_room(job)) {
        if (job.ticket) {
            refuse(job, Error{ErrorKind::Overflow, 0,
                              "remember more: the disk is slow, and too much waits for it"});
        } else {
            ++dropped_;
        }
        return;
    }
    jobs_.push_back(std::move(job));
    changed_.notify_one();
}

/// In a full queue: an older entry that may be lost goes before one that may not.
bool HistoryDesk::make_room(const HistoryJob& job) {
    if (can_be_dropped(job)) {
        return false;
    }
    const auto oldest = std::ranges::find_if(jobs_, can_be_dropped);
    if (oldest == jobs_.end()) {
        return false;
    }
    jobs_.erase(oldest);
    ++dropped_;
    return true;
}

std::vector<history::News> HistoryDesk::drain() {
    const std::lock_guard lock(mutex_);
    std::uint64_t rung = 0;
    (void)::read(bell_.get(), &rung, sizeof rung);  // EAGAIN: it had not been rung
    return std::exchange(news_, {});
}

bool HistoryDesk::end(Duration patience) {
    std::unique_lock lock(mutex_);
    ending_ = true;
    changed_.notify_all();
    return changed_.wait_for(lock, patience, [this] { return ended_; });
}

HistoryWork HistoryDesk::next(Duration retry, Duration gather) {
    std::unique_lock lock(mutex_);
    const bool usable = state_ == State::Usable;
    const auto awake = [&] { return ending_ || (usable && !jobs_.empty()); };
    const auto urgent = [&] { return ending_ || !std::ranges::all_of(jobs_, can_be_dropped); };
    if (usable) {
        changed_.wait(lock, awake);
        changed_.wait_for(lock, gather, urgent);
    } else {
        changed_.wait_for(lock, retry, awake);
    }
    HistoryWork work;
    work.end = ending_ && (!usable || jobs_.empty());
    if (!usable || jobs_.empty()) {
        return work;
    }
    std::deque<HistoryJob> rest;
    for (HistoryJob& job : jobs_) {
        const bool taken = entry_of(job) != nullptr && work.jobs.size() < kJobsAtOnce;
        if (taken) {
            work.jobs.push_back(std::move(job));
        } else {
            rest.push_back(std::move(job));
        }
    }
    jobs_ = std::move(rest);
    if (work.jobs.empty()) {
        work.jobs.push_back(std::move(jobs_.front()));
        jobs_.pop_front();
    }
    return work;
}

void HistoryDesk::opened(history::Opened news) {
    const std::lock_guard lock(mutex_);
    state_ = State::Usable;
    tell(std::move(news));
}

void HistoryDesk::unusable(const Error& error) {
    const std::lock_guard lock(mutex_);
    why_ = error;
    if (state_ != State::Unusable) {
        state_ = State::Unusable;
        tell(history::Unusable{error.message()});
    }
    std::deque<HistoryJob> rest;
    for (HistoryJob& job : jobs_) {
        if (job.ticket) {
            refuse(job, error);
        } else {
            rest.push_back(std::move(job));
        }
    }
    jobs_ = std::move(rest);
}

void HistoryDesk::written(const std::vector<HistoryJob>& jobs) {
    const std::lock_guard lock(mutex_);
    for (const HistoryJob& job : jobs) {
        if (job.ticket) {
            tell(history::Written{*job.ticket, {}});
        }
    }
    if (dropped_ > 0) {
        tell(history::Dropped{std::exchange(dropped_, 0)});
    }
}

void HistoryDesk::answered(const HistoryJob& job, std::vector<history::Row> rows) {
    const std::lock_guard lock(mutex_);
    if (job.ticket) {
        tell(history::Answered{*job.ticket, std::move(rows)});
    }
}

void HistoryDesk::put_back(HistoryJob query) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(query));
}

void HistoryDesk::failed(std::vector<HistoryJob> jobs, const Error& error) {
    const std::lock_guard lock(mutex_);
    std::vector<HistoryJob> kept;
    for (HistoryJob& job : jobs) {
        if (job.ticket) {
            refuse(job, error);
        } else if (error.kind == ErrorKind::Malformed) {
            ++dropped_;  // perhaps what cannot be written is in one of them
        } else {
            kept.push_back(std::move(job));
        }
    }
    jobs_.insert(jobs_.begin(), std::make_move_iterator(kept.begin()),
                 std::make_move_iterator(kept.end()));
}

void HistoryDesk::ended() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

void HistoryDesk::tell(history::News news) {
    news_.push_back(std::move(news));
    const std::uint64_t once = 1;
    (void)::write(bell_.get(), &once, sizeof once);  // EAGAIN: it has been rung often enough
}

void HistoryDesk::refuse(const HistoryJob& job, const Error& error) {
    if (entry_of(job) != nullptr) {
        tell(history::Written{*job.ticket, std::unexpected(error)});
    } else {
        tell(history::Answered{*job.ticket, std::unexpected(error)});
    }
}

}  // namespace slotd::os
