#include "os/history_database.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
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

history::Value or_null(bool given, std::int64_t value) {
    return given ? history::Value(value) : history::Value();
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

Result<std::vector<history::Row>> HistoryDatabase::find(const history::Query& query) const {
    const auto port = query.port ? history::Value(query.port->to_string()) : history::Value();
    const auto incident = or_null(query.incident.has_value(),
                                  std::bit_cast<std::int64_t>(query.incident.value_or(0)));
    const auto since =
        or_null(query.since_realtime_us.has_value(), query.since_realtime_us.value_or(0));
    const auto limit = static_cast<std::int64_t>(std::min(query.limit, history::kQueryRowsMax));
    auto statement = connection_.prepare(
        "SELECT " + column_list() +
        ", checksum FROM entries WHERE (?1 IS NULL OR port = ?1) AND (?2 IS NULL OR incident = ?2)"
        " AND (?3 IS NULL OR realtime_us >= ?3) ORDER BY seq DESC LIMIT ?4");
    if (!statement) {
        return std::unexpected(std::move(statement.error()));
    }
    int parameter = 0;
    for (const history::Value& value : {port, incident, since, history::Value(limit)}) {
        if (auto bound = statement->bind(++parameter, value); !bound) {
            return std::unexpected(std::move(bound.error()));
        }
    }
    std::vector<history::Row> rows;
    while (true) {
        const auto more = statement->step();
        if (!more) {
            return std::unexpected(more.error());
        }
        if (!*more) {
            std::ranges::reverse(rows);
            return rows;
        }
        if (auto row = current_row(*statement)) {
            rows.push_back(std::move(*row));
        }
    }
}

void HistoryDatabase::close() {
    (void)connection_.run("PRAGMA wal_checkpoint(TRUNCATE)");
    connection_.tidy_at_close(true);
}

}  // namespace slotd::os
