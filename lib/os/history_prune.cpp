#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/remembered.hpp"
#include "history/stamp.hpp"
#include "os/history_database.hpp"
#include "os/history_settings.hpp"
#include "os/sqlite.hpp"
#include "policy/limits.hpp"

namespace slotd::os {

namespace {

/// In one transaction, so that a reservation waits for no more than that.
constexpr std::int64_t kRowsAtOnce = 4096;

/// For what is written until prune() is called again: fewer than 128 entries, a page each.
constexpr std::uint64_t kRoomBytes = std::uint64_t{512} * 1024;

/// The seq of the last row of those at the beginning that are all too old, at most kRowsAtOnce of
/// them; 0 for none. A row that only looks old, because a clock had not been set, ends nothing.
Result<std::int64_t> end_of_old_rows(const SqliteConnection& connection, const history::Stamp& now,
                                     Duration age_max) {
    auto statement =
        connection.prepare(fmt::format("SELECT seq, realtime_us, boottime_us, boot_id FROM entries"
                                       " ORDER BY seq LIMIT {}",
                                       kRowsAtOnce));
    if (!statement) {
        return std::unexpected(std::move(statement.error()));
    }
    std::int64_t end = 0;
    while (true) {
        const auto more = statement->step();
        if (!more) {
            return std::unexpected(more.error());
        }
        if (!*more) {
            return end;
        }
        const auto boot = statement->value(3);
        const auto* const boot_id = boot ? std::get_if<std::string>(&*boot) : nullptr;
        const history::Stamp at{statement->number(1), statement->number(2),
                                boot_id != nullptr ? *boot_id : std::string()};
        if (history::age_of(at, now) < age_max) {
            return end;
        }
        end = statement->number(0);
    }
}

/// The seq of the last row to go where the file is nearly full; 0 where it is not.
Result<std::int64_t> end_of_surplus_rows(const SqliteConnection& connection,
                                         std::uint64_t bytes_max) {
    const auto pages = connection.number("PRAGMA page_count");
    const auto free_pages = connection.number("PRAGMA freelist_count");
    const auto page_bytes = connection.number("PRAGMA page_size");
    for (const auto* const number : {&pages, &free_pages, &page_bytes}) {
        if (!*number) {
            return std::unexpected(number->error());
        }
    }
    const auto used = static_cast<std::uint64_t>((*pages - *free_pages) * *page_bytes);
    if (used + kRoomBytes < bytes_max) {
        return 0;
    }
    const auto rows = connection.number("SELECT count(*) FROM entries");
    if (!rows) {
        return std::unexpected(rows.error());
    }
    return connection.number(fmt::format("SELECT seq FROM entries ORDER BY seq LIMIT 1 OFFSET {}",
                                         std::min(*rows / 4, kRowsAtOnce)));
}

}  // namespace

Result<bool> HistoryDatabase::prune(const HistorySettings& settings, const history::Stamp& now) {
    const auto old = end_of_old_rows(connection_, now, settings.age_max);
    const auto surplus = end_of_surplus_rows(connection_, settings.bytes_max);
    if (!old || !surplus) {
        return std::unexpected(!old ? old.error() : surplus.error());
    }
    // The last row stays: the next one's number follows from it.
    const auto end = std::min(std::max(*old, *surplus), static_cast<std::int64_t>(seq_) - 1);
    if (end <= 0) {
        return false;
    }
    history::Recall recall(now, settings.window, policy::kBudgetWindowMax);
    if (const auto read = read_rows(connection_, [&](const history::Row& row) { recall.add(row); });
        !read) {
        return std::unexpected(read.error());
    }
    std::string keep;
    for (const std::uint64_t seq : recall.needed()) {
        if (std::cmp_less_equal(seq, end)) {
            keep += fmt::format("{}{}", keep.empty() ? "" : ", ", seq);
        }
    }
    if (auto done = connection_.run(
            fmt::format("DELETE FROM entries WHERE seq <= {} AND seq NOT IN ({})", end, keep));
        !done) {
        return std::unexpected(std::move(done.error()));
    }
    const auto deleted = connection_.number("SELECT changes()");
    return deleted && *deleted > 0;
}

}  // namespace slotd::os
