#include "tests/fakes/running_history.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/query.hpp"
#include "history/stamp.hpp"
#include "os/history_settings.hpp"

namespace slotd::fakes {

using namespace std::chrono_literals;

history::Stamp stamp_at(std::int64_t minutes, const std::string& boot) {
    return {(100'000 + minutes) * 60'000'000, minutes * 60'000'000, boot};
}

os::HistorySettings history_settings(const std::string& directory, std::int64_t minutes) {
    os::HistorySettings settings;
    settings.directory = directory;
    settings.window = 1h;
    settings.retry = 2ms;
    settings.patience_at_end = 30s;
    settings.clock = [minutes] { return stamp_at(minutes); };
    return settings;
}

std::string text_of(const history::News& news) {
    if (const auto* const opened = std::get_if<history::Opened>(&news)) {
        return "opened" + (opened->warnings.empty() ? "" : ": " + opened->warnings.front());
    }
    if (const auto* const unusable = std::get_if<history::Unusable>(&news)) {
        return "unusable: " + unusable->reason;
    }
    if (const auto* const written = std::get_if<history::Written>(&news)) {
        return written->status ? "written" : "not written: " + written->status.error().message();
    }
    return std::holds_alternative<history::Answered>(news) ? "answered" : "dropped";
}

history::News RunningHistory::next() {
    while (waiting_.empty()) {
        if (!store.wait_for_news(30s)) {
            throw std::runtime_error("no news of the history");
        }
        for (history::News& news : store.drain()) {
            waiting_.push_back(std::move(news));
        }
    }
    history::News first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
}

Status RunningHistory::write(const history::Entry& entry, std::int64_t minutes) {
    const history::Ticket ticket = ++ticket_;
    store.append(entry, stamp_at(minutes), ticket);
    while (true) {
        history::News news = next();
        if (auto* const written = std::get_if<history::Written>(&news);
            written != nullptr && written->ticket == ticket) {
            return written->status;
        }
        aside.push_back(std::move(news));
    }
}

std::vector<history::Row> RunningHistory::find(const history::Query& query) {
    const history::Ticket ticket = ++ticket_;
    store.query(query, ticket);
    while (true) {
        history::News news = next();
        if (auto* const answered = std::get_if<history::Answered>(&news);
            answered != nullptr && answered->ticket == ticket) {
            if (!answered->rows) {
                throw std::runtime_error(answered->rows.error().message());
            }
            return std::move(*answered->rows);
        }
        aside.push_back(std::move(news));
    }
}

}  // namespace slotd::fakes
