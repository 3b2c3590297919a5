#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "history/entry.hpp"
#include "history/query.hpp"
#include "history/remembered.hpp"
#include "history/stamp.hpp"
#include "os/history_mark.hpp"
#include "os/history_settings.hpp"
#include "os/sqlite.hpp"

namespace slotd::os {

/// An entry on its way into the file.
struct Noted {
    history::Entry entry;
    history::Stamp at;
};

/// What reading the whole file found.
struct RowsRead {
    std::uint64_t seq_max = 0;
    std::size_t damaged = 0;  ///< rows with a wrong checksum or values that we never write
};

/// Reads every row in order and hands on those that are whole.
Result<RowsRead> read_rows(const SqliteConnection& connection,
                           const std::function<void(const history::Row&)>& take);

/// A query that is answered piece by piece, so that no entry waits for all of it.
struct HistorySearch {
    history::Query query;
    std::vector<history::Row> found = {};  ///< newest first
    std::uint64_t before = UINT64_MAX;     ///< rows from this number on have been read
    bool done = false;
};

/// The open history: one connection, used by one thread, which may wait for the disk as long as the
/// disk likes. After an error it is to be closed and opened again.
class HistoryDatabase {
public:
    /// See open_history(). `seq` is that of the last row.
    HistoryDatabase(SqliteConnection connection, HistoryMark mark, std::uint64_t seq)
        : connection_(std::move(connection)),
          mark_(std::move(mark)),
          seq_(seq) {}

    /// All of them or none. `durable`: returns when they are on the disk and the mark says so;
    /// otherwise a power cut may take the last ones.
    Status append(std::span<const Noted> entries, bool durable);

    /// Reads a bounded number of rows from the newest on down. Damaged rows are left out.
    Status go_on(HistorySearch& search) const;

    /// Removes a bounded number of rows that are too old, or the oldest where the file is nearly
    /// full, except those that recall() needs and the last one. True: there is more to remove.
    Result<bool> prune(const HistorySettings& settings, const history::Stamp& now);

    /// Moves everything into the one file, for a directory that looks tidy. Best effort.
    void close();

    std::uint64_t seq() const { return seq_; }

private:
    /// What is run for every append, prepared once: to read their text takes longer than to run
    /// them.
    struct Statements {
        SqliteStatement begin;
        SqliteStatement insert;
        SqliteStatement commit;
    };

    Status prepare();
    Status insert(std::span<const Noted> entries);

    SqliteConnection connection_;
    std::optional<Statements> statements_;  // dies before its connection
    HistoryMark mark_;
    std::uint64_t seq_;
    bool full_sync_ = true;
};

/// An opened history, and what the daemon and the operator need to know of it.
struct OpenedHistory {
    HistoryDatabase database;
    history::Remembered remembered;
    std::vector<std::string> warnings;  ///< whole sentences for the operator
};

/// Opens the history in settings.directory, makes it where there is none, brings an older one up to
/// date. A damaged one is set aside and what can be read of it carried over; that, and every other
/// sign that something acknowledged is missing, leaves a HistoryLost in the new one. An error: it
/// cannot be used now, and nothing was removed.
Result<OpenedHistory> open_history(const HistorySettings& settings, const history::Stamp& now);

/// Inserts rows with their own numbers, in the transaction that is open.
Status insert_rows(const SqliteConnection& connection, std::span<const history::Row> rows);

}  // namespace slotd::os
