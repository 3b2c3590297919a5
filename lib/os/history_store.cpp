#include "os/history_store.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/query.hpp"
#include "history/stamp.hpp"
#include "os/history_database.hpp"
#include "os/history_desk.hpp"
#include "os/history_settings.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

UniqueFd make_bell() {
    UniqueFd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    SLOTD_ASSERT(bell);  // only without memory or descriptors, at the start of a daemon
    return bell;
}

/// The loop takes the process's signals; no other thread must.
class AllSignalsBlocked {
public:
    AllSignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

    ~AllSignalsBlocked() { (void)pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

}  // namespace

HistoryStore::HistoryStore(HistorySettings settings)
    : patience_(settings.patience_at_end),
      desk_(std::make_shared<HistoryDesk>(make_bell(), settings.queue_max)) {
    const AllSignalsBlocked blocked;
    // It owns all that it uses, so that it can be left behind.
    thread_ =
        std::thread([desk = desk_, kept = std::move(settings)] { keep_history(*desk, kept); });
}

HistoryStore::~HistoryStore() {
    if (desk_->end(patience_)) {
        thread_.join();
    } else {
        thread_.detach();
    }
}

void HistoryStore::append(history::Entry entry, const history::Stamp& at,
                          std::optional<history::Ticket> ticket) {
    desk_->put({Noted{std::move(entry), at}, ticket});
}

void HistoryStore::query(const history::Query& query, history::Ticket ticket) {
    desk_->put({HistorySearch{query}, ticket});
}

int HistoryStore::fd() const {
    return desk_->fd();
}

std::vector<history::News> HistoryStore::drain() {
    return desk_->drain();
}

bool HistoryStore::wait_for_news(Duration patience) const {
    const auto most = std::numeric_limits<int>::max();
    const auto milliseconds = std::min<std::int64_t>(
        std::chrono::ceil<std::chrono::milliseconds>(patience).count(), most);
    pollfd bell{desk_->fd(), POLLIN, 0};
    return ::poll(&bell, 1, static_cast<int>(milliseconds)) > 0;
}

}  // namespace slotd::os
