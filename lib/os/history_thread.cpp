#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "os/history_database.hpp"
#include "os/history_desk.hpp"
#include "os/history_settings.hpp"

namespace slotd::os {

namespace {

// How many entries may be written before somebody looks whether old ones are to go.
constexpr std::size_t kEntriesUnpruned = 64;
// Longer than a reset takes to be reserved after its incident was opened, and no time for a person.
constexpr Duration kGather = std::chrono::milliseconds(20);

/// What the thread has: the database while it can be used.
class Keeper {
public:
    Keeper(HistoryDesk& desk, const HistorySettings& settings) : desk_(desk), settings_(settings) {}

    void open() {
        auto opened = open_history(settings_, settings_.clock());
        if (!opened) {
            desk_.unusable(opened.error());
            return;
        }
        database_.emplace(std::move(opened->database));
        desk_.opened({std::move(opened->remembered), std::move(opened->warnings)});
    }

    void work(std::vector<HistoryJob> jobs) {
        const Status done = std::holds_alternative<HistorySearch>(jobs.front().what)
                                ? answer(jobs.front())
                                : write(jobs);
        if (!done) {
            database_.reset();
            // First the state, then the answers: who hears of a failure has heard the reason.
            desk_.unusable(done.error());
            desk_.failed(std::move(jobs), done.error());
            return;
        }
        unpruned_ += jobs.size();
        if (unpruned_ >= kEntriesUnpruned) {
            prune();
        }
    }

    bool is_open() const { return database_.has_value(); }

    void close() {
        if (database_) {
            database_->close();
            database_.reset();
        }
    }

private:
    Status answer(HistoryJob& job) {
        auto& search = std::get<HistorySearch>(job.what);
        if (auto gone_on = database_->go_on(search); !gone_on) {
            return gone_on;
        }
        if (!search.done) {
            desk_.put_back(std::move(job));
            return {};
        }
        std::ranges::reverse(search.found);
        desk_.answered(job, std::move(search.found));
        return {};
    }

    Status write(const std::vector<HistoryJob>& jobs) {
        std::vector<Noted> entries;
        for (const HistoryJob& job : jobs) {
            entries.push_back(std::get<Noted>(job.what));
        }
        const bool durable = std::ranges::any_of(jobs, [](const HistoryJob& job) {
            return job.ticket || history::must_survive_power_cut(std::get<Noted>(job.what).entry);
        });
        if (auto done = database_->append(entries, durable); !done) {
            return done;
        }
        desk_.written(jobs);
        return {};
    }

    void prune() {
        unpruned_ = 0;
        if (const auto pruned = database_->prune(settings_, settings_.clock()); !pruned) {
            database_.reset();
            desk_.unusable(pruned.error());
        }
    }

    HistoryDesk& desk_;
    const HistorySettings& settings_;
    std::optional<HistoryDatabase> database_;
    std::size_t unpruned_ = 0;
};

}  // namespace

void keep_history(HistoryDesk& desk, const HistorySettings& settings) {
    Keeper keeper(desk, settings);
    while (true) {
        if (!keeper.is_open()) {
            keeper.open();
        }
        HistoryWork work = desk.next(settings.retry, kGather);
        if (!work.jobs.empty()) {
            keeper.work(std::move(work.jobs));
        }
        if (work.end) {
            keeper.close();
            desk.ended();
            return;
        }
    }
}

}  // namespace slotd::os
