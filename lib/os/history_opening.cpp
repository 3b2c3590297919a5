#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "history/columns.hpp"
#include "history/entry.hpp"
#include "history/remembered.hpp"
#include "history/stamp.hpp"
#include "os/history_database.hpp"
#include "os/history_files.hpp"
#include "os/history_mark.hpp"
#include "os/history_schema.hpp"
#include "os/history_settings.hpp"
#include "os/sqlite.hpp"
#include "policy/limits.hpp"

namespace slotd::os {

namespace {

constexpr int kPruningsAtOpen = 64;

/// A database that was read from beginning to end.
struct Read {
    SqliteConnection connection;
    history::Recall recall;
    RowsRead rows;
};

/// Why a file is to be set aside, and which of its rows can be carried over.
struct Damage {
    std::string reason;
    std::vector<history::Row> rows;
};

/// Whole and of our schema; or damaged. An error otherwise: nothing can be said now.
using Looked = std::variant<Read, Damage>;

Status check(const SqliteConnection& connection) {
    auto statement = connection.prepare("PRAGMA quick_check(1)");
    if (!statement) {
        return std::unexpected(std::move(statement.error()));
    }
    bool in_order = false;
    // To its end: a check that is left in the middle keeps its hold on the file.
    while (true) {
        const auto row = statement->step();
        if (!row) {
            return std::unexpected(row.error());
        }
        if (!*row) {
            break;
        }
        const auto said = statement->value(0);
        in_order = said && *said == history::Value("ok");
    }
    return in_order ? Status{}
                    : failure(ErrorKind::Malformed, "find history.db in order (quick_check)");
}

/// The rows that recall() needs, as far as they can be read.
std::vector<history::Row> readable(const SqliteConnection& connection,
                                   const HistorySettings& settings, const history::Stamp& now) {
    history::Recall recall(now, settings.window, policy::kBudgetWindowMax);
    // Errors end the reading, here and below: what came before them is carried over.
    (void)read_rows(connection, [&](const history::Row& row) { recall.add(row); });
    const auto needed = recall.needed();
    std::vector<history::Row> rows;
    (void)read_rows(connection, [&](const history::Row& row) {
        if (rows.size() < needed.size() && row.seq == needed[rows.size()]) {
            rows.push_back(row);
        }
    });
    return rows;
}

Result<Looked> look(const SqliteConnection& connection, const HistorySettings& settings,
                    const history::Stamp& now, bool& ours) {
    // Before anything is read: one process alone has the file, and no reader's lock holds us up.
    if (auto set = connection.run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;"
                                  "PRAGMA cell_size_check = ON");
        !set) {
        return std::unexpected(std::move(set.error()));
    }
    auto schema = bring_up_to_date(connection, history_schema());
    if (!schema) {
        return std::unexpected(std::move(schema.error()));
    }
    if (*schema == SchemaFound::Newer) {
        return failure(ErrorKind::Unsupported,
                       "use history.db, which a later version of slotd wrote");
    }
    if (*schema == SchemaFound::Foreign) {
        return Damage{"history.db is no history that slotd wrote", {}};
    }
    ours = true;
    if (connection.read_only() && HistoryFiles(settings.directory).database_writable()) {
        return failure(ErrorKind::Malformed, "use history.db, whose header forbids to write it");
    }
    if (auto checked = check(connection); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    history::Recall recall(now, settings.window, policy::kBudgetWindowMax);
    auto rows = read_rows(connection, [&](const history::Row& row) { recall.add(row); });
    if (!rows) {
        return std::unexpected(std::move(rows.error()));
    }
    if (rows->damaged > 0) {
        return failure(ErrorKind::Malformed,
                       fmt::format("read {} entries of history.db", rows->damaged));
    }
    return Read{SqliteConnection(), std::move(recall), *rows};
}

/// Opens the file, or makes it, and reads it; changes nothing but its schema version.
Result<Looked> open_and_look(const HistorySettings& settings, const std::string& path,
                             const history::Stamp& now) {
    auto connection = SqliteConnection::open(path, settings.vfs);
    if (!connection) {
        return std::unexpected(std::move(connection.error()));
    }
    bool ours = false;
    auto looked = look(*connection, settings, now, ours);
    if (!looked && looked.error().kind == ErrorKind::Malformed) {
        return Damage{looked.error().message(),
                      ours ? readable(*connection, settings, now) : std::vector<history::Row>()};
    }
    if (looked && std::holds_alternative<Read>(*looked)) {
        std::get<Read>(*looked).connection = std::move(*connection);
    }
    return looked;
}

/// The bounds, one write that shows that writing works, and the write-ahead log emptied into the
/// file: what an earlier, failed sync may have left out of it is written again.
Status prepare_for_writing(const SqliteConnection& connection, const HistorySettings& settings,
                           const history::Stamp& now) {
    const auto page_bytes = connection.number("PRAGMA page_size");
    if (!page_bytes) {
        return std::unexpected(page_bytes.error());
    }
    const std::uint64_t pages =
        settings.bytes_max / static_cast<std::uint64_t>(*page_bytes > 0 ? *page_bytes : 4096);
    return connection.run(
        fmt::format("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = {};"
                    "PRAGMA max_page_count = {};"
                    "BEGIN IMMEDIATE; UPDATE opened SET realtime_us = {}; COMMIT;"
                    "PRAGMA wal_checkpoint(TRUNCATE)",
                    settings.bytes_max / 8, pages, now.realtime_us));
}

/// What shows that something acknowledged is not in the file, as a sentence.
std::optional<std::string> why_lost(const MarkFound& mark, std::uint64_t seq_max,
                                    bool damaged_before) {
    if (mark.made && !mark.seq) {
        return "the mark beside the history is damaged, so that nobody can tell whether the "
               "history is whole";
    }
    if (mark.made && *mark.seq > seq_max) {
        return seq_max == 0 ? fmt::format(
                                  "the history is missing or empty, although {} entries "
                                  "had been acknowledged",
                                  *mark.seq)
                            : fmt::format(
                                  "entries {} to {} of the history, which had been "
                                  "acknowledged, are missing",
                                  seq_max + 1, *mark.seq);
    }
    if (!mark.made && seq_max > 0) {
        return "the mark beside the history is missing, so that nobody can tell whether the "
               "history is whole";
    }
    if (!mark.made && damaged_before) {
        return "the history that was set aside has no successor";
    }
    return std::nullopt;
}

/// Collects what open_history() finds on its way.
struct Opening {
    const HistorySettings& settings;
    const history::Stamp& now;
    HistoryFiles files;
    std::vector<std::string> warnings;

    Status set_aside();
    Result<Read> open_or_replace(std::optional<std::string>& lost,
                                 std::vector<history::Row>& rescued);
};

Status Opening::set_aside() {
    auto done = files.set_aside();
    if (!done) {
        return std::unexpected(std::move(done.error()));
    }
    warnings.insert(warnings.end(), done->begin(), done->end());
    return {};
}

Result<Read> Opening::open_or_replace(std::optional<std::string>& lost,
                                      std::vector<history::Row>& rescued) {
    const auto exists = files.database_exists();
    const auto leftovers = files.leftovers_exist();
    if (!exists || !leftovers) {
        return std::unexpected(!exists ? exists.error() : leftovers.error());
    }
    if (!*exists && *leftovers) {
        // SQLite would delete a log without its database.
        if (auto done = set_aside(); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    auto looked = open_and_look(settings, files.database(), now);
    if (looked && std::holds_alternative<Damage>(*looked)) {
        lost = std::get<Damage>(*looked).reason;
        rescued = std::move(std::get<Damage>(*looked).rows);
        if (auto done = set_aside(); !done) {
            return std::unexpected(std::move(done.error()));
        }
        looked = open_and_look(settings, files.database(), now);
    }
    if (!looked) {
        return std::unexpected(std::move(looked.error()));
    }
    if (auto* const damage = std::get_if<Damage>(&*looked)) {
        return failure(ErrorKind::Io, "make a new history: " + damage->reason);
    }
    return std::move(std::get<Read>(*looked));
}

/// Writes what a loss leaves behind: the rows that could be read, then the fact itself. Numbers are
/// never used twice, those of what was lost included.
Status write_loss(Read& read, std::vector<history::Row> rescued, const std::string& reason,
                  std::uint64_t seq_marked, const history::Stamp& now) {
    if (!rescued.empty()) {
        read.rows.seq_max = rescued.back().seq;
    }
    const std::uint64_t seq = std::max(read.rows.seq_max, seq_marked) + 1;
    rescued.push_back({seq, now, history::HistoryLost{reason}});
    Status done = read.connection.run("BEGIN IMMEDIATE");
    if (done) {
        done = insert_rows(read.connection, rescued);
    }
    if (done) {
        done = read.connection.run("COMMIT");
    }
    if (!done) {
        return done;
    }
    read.rows.seq_max = seq;
    for (const history::Row& row : rescued) {
        read.recall.add(row);
    }
    return {};
}

}  // namespace

Result<OpenedHistory> open_history(const HistorySettings& settings, const history::Stamp& now) {
    Opening opening{settings, now, HistoryFiles(settings.directory), {}};
    const auto damaged_before = opening.files.damaged_exist();
    if (!damaged_before) {
        return std::unexpected(damaged_before.error());
    }
    auto mark = HistoryMark::open(opening.files.mark(), settings.vfs);
    if (!mark) {
        return std::unexpected(std::move(mark.error()));
    }
    const auto marked = mark->load();
    if (!marked) {
        return std::unexpected(marked.error());
    }
    std::optional<std::string> lost;
    std::vector<history::Row> rescued;
    auto read = opening.open_or_replace(lost, rescued);
    if (!read) {
        return std::unexpected(std::move(read.error()));
    }
    if (!lost) {
        lost = why_lost(*marked, read->rows.seq_max, *damaged_before);
    }
    Status ready = prepare_for_writing(read->connection, settings, now);
    if (ready && lost) {
        ready = write_loss(*read, std::move(rescued), *lost, marked->seq.value_or(0), now);
    }
    // All of the file is on the disk now, what was never acknowledged included.
    if (ready) {
        ready = mark->store(read->rows.seq_max);
    }
    if (!ready) {
        return std::unexpected(std::move(ready.error()));
    }
    if (lost) {
        opening.warnings.insert(
            opening.warnings.begin(),
            fmt::format("the history is not whole: {}. How much of any budget is spent is unknown: "
                        "automatic action on a slot waits until the slot is released, or {} s.",
                        *lost,
                        std::chrono::duration_cast<std::chrono::seconds>(settings.window).count()));
    } else if (!marked->made) {
        opening.warnings.push_back(fmt::format(
            "{} has no history and no trace of one: a first start, every budget is fresh.",
            settings.directory));
    }
    HistoryDatabase database(std::move(read->connection), std::move(*mark), read->rows.seq_max);
    for (int round = 0; round < kPruningsAtOpen; ++round) {
        const auto more = database.prune(settings, now);
        if (!more) {
            return std::unexpected(more.error());
        }
        if (!*more) {
            break;
        }
    }
    return OpenedHistory{std::move(database), read->recall.remembered(),
                         std::move(opening.warnings)};
}

}  // namespace slotd::os
