#include "os/history_database.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "history/columns.hpp"
#include "history/entry.hpp"
#include "history/query.hpp"
#include "os/sqlite.hpp"

namespace slotd::os {

namespace {

const std::string& column_list() {
    static const std::string list = fmt::format("{}", fmt::join(history::kColumnNames, ", "));
    return list;
}

/// The row that the statement is at; Malformed where it is not one of ours.
Result<history::Row> current_row(const SqliteStatement& statement) {
    history::Columns columns;
    for (std::size_t column = 0; column < history::kColumns; ++column) {
        auto value = statement.value(static_cast<int>(column));
        if (!value) {
            return std::unexpected(std::move(value.error()));
        }
        columns[column] = std::move(*value);
    }
    const auto sum = statement.value(history::kColumns);
    if (!sum || *sum != history::Value(history::checksum(columns))) {
        return failure(ErrorKind::Malformed, "use a row with a wrong checksum");
    }
    return history::row_of(columns);
}

const std::string& insert_text() {
    static const std::string text =
        fmt::format("INSERT INTO entries ({}, checksum) VALUES ({}?)", column_list(),
                    fmt::join(std::vector<std::string>(history::kColumns, "?, "), ""));
    return text;
}

/// Runs it to its end, and has it ready for the next time.
Status execute(SqliteStatement& statement) {
    const auto done = statement.step();
    statement.reset();
    return done ? Status{} : Status(std::unexpected(done.error()));
}

Status insert_with(SqliteStatement& statement, std::span<const history::Row> rows) {
    for (const history::Row& row : rows) {
        const history::Columns columns = history::columns_of(row);
        for (std::size_t column = 0; column < history::kColumns; ++column) {
            if (auto bound = statement.bind(static_cast<int>(column) + 1, columns[column]);
                !bound) {
                return bound;
            }
        }
        if (auto bound = statement.bind(history::kColumns + 1, history::checksum(columns));
            !bound) {
            return bound;
        }
        if (auto done = execute(statement); !done) {
            return done;
        }
    }
    return {};
}

}  // namespace

Result<RowsRead> read_rows(const SqliteConnection& connection,
                           const std::function<void(const history::Row&)>& take) {
    auto statement = connection.prepare("SELECT " + column_list() +
                                        ", checksum FROM entries NOT INDEXED ORDER BY seq");
    if (!statement) {
        return std::unexpected(std::move(statement.error()));
    }
    RowsRead read;
    while (true) {
        const auto more = statement->step();
        if (!more) {
            return std::unexpected(more.error());
        }
        if (!*more) {
            return read;
        }
        const auto row = current_row(*statement);
        if (!row) {
            ++read.damaged;
            continue;
        }
        read.seq_max = row->seq;
        take(*row);
    }
}

Status insert_rows(const SqliteConnection& connection, std::span<const history::Row> rows) {
    auto statement = connection.prepare(insert_text());
    if (!statement) {
        return std::unexpected(std::move(statement.error()));
    }
    return insert_with(*statement, rows);
}

Status HistoryDatabase::prepare() {
    if (statements_) {
        return {};
    }
    auto begin = connection_.prepare("BEGIN IMMEDIATE");
    auto insert = connection_.prepare(insert_text());
    auto commit = connection_.prepare("COMMIT");
    for (auto* const prepared : {&begin, &insert, &commit}) {
        if (!*prepared) {
            return std::unexpected(std::move(prepared->error()));
        }
    }
    statements_.emplace(std::move(*begin), std::move(*insert), std::move(*commit));
    return {};
}

Status HistoryDatabase::append(std::span<const Noted> entries, bool durable) {
    if (durable != full_sync_) {
        if (auto set = connection_.run(durable ? "PRAGMA synchronous = FULL"
                                               : "PRAGMA synchronous = NORMAL");
            !set) {
            return set;
        }
        full_sync_ = durable;
    }
    if (auto prepared = prepare(); !prepared) {
        return prepared;
    }
    Status done = execute(statements_->begin);
    if (done) {
        done = insert(entries);
    }
    if (done) {
        done = execute(statements_->commit);
    }
    if (!done) {
        (void)connection_.run("ROLLBACK");  // the first error is the one to tell
        return done;
    }
    seq_ += entries.size();
    return durable ? mark_.store(seq_) : Status{};
}

Status HistoryDatabase::insert(std::span<const Noted> entries) {
    std::vector<history::Row> rows;
    rows.reserve(entries.size());
    for (const Noted& noted : entries) {
        rows.push_back({seq_ + rows.size() + 1, noted.at, noted.entry});
    }
    return insert_with(statements_->insert, rows);
}

Status HistoryDatabase::go_on(HistorySearch& search) const {
    // Few enough for a reset not to notice that its reservation waits for them.
    constexpr std::int64_t kRowsAtOnce = 1000;
    constexpr std::uint64_t kSeqMax = std::numeric_limits<std::int64_t>::max();
    auto statement = connection_.prepare("SELECT " + column_list() +
                                         ", checksum FROM entries WHERE seq < ?1"
                                         " ORDER BY seq DESC LIMIT ?2");
    if (!statement) {
        return std::unexpected(std::move(statement.error()));
    }
    const history::Value before(static_cast<std::int64_t>(std::min(search.before, kSeqMax)));
    if (auto bound = statement->bind(1, before); !bound) {
        return bound;
    }
    if (auto bound = statement->bind(2, history::Value(kRowsAtOnce)); !bound) {
        return bound;
    }
    const std::size_t wanted = std::min(search.query.limit, history::kQueryRowsMax);
    for (std::int64_t read = 0; search.found.size() < wanted; ++read) {
        const auto more = statement->step();
        if (!more) {
            return std::unexpected(more.error());
        }
        if (!*more) {
            search.done = read < kRowsAtOnce;
            return {};
        }
        const auto seq = statement->value(0);  // of a damaged row, too
        const auto* const number = seq ? std::get_if<std::int64_t>(&*seq) : nullptr;
        if (number == nullptr || *number < 0) {
            search.done = true;
            return {};
        }
        search.before = static_cast<std::uint64_t>(*number);
        auto row = current_row(*statement);
        if (row && history::matches(search.query, *row)) {
            search.found.push_back(std::move(*row));
        }
    }
    search.done = true;
    return {};
}

void HistoryDatabase::close() {
    (void)connection_.run("PRAGMA wal_checkpoint(TRUNCATE)");
    connection_.tidy_at_close(true);
}

}  // namespace slotd::os
