#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "history/columns.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace slotd::os {

namespace detail {
struct SqliteCloser {
    void operator()(sqlite3* database) const;
};

struct StatementFinalizer {
    void operator()(sqlite3_stmt* statement) const;
};
}  // namespace detail

/// One prepared statement. Dies before its connection.
class SqliteStatement {
public:
    /// Parameters count from 1.
    Status bind(int parameter, const history::Value& value);
    /// True: a row is there; false: done.
    Result<bool> step();
    /// Back to before the first row, parameters kept.
    void reset();

    /// A column of the current row, from 0. A type that we never write (real, blob) comes as
    /// Malformed.
    Result<history::Value> value(int column) const;
    /// The number in it; 0 for anything else.
    std::int64_t number(int column) const;

private:
    friend class SqliteConnection;
    std::unique_ptr<sqlite3_stmt, detail::StatementFinalizer> statement_;
    std::string name_;  ///< of the file
};

/// One connection to one database file, for use in one thread. Errors are Malformed where the file
/// is damaged or is no database, Overflow where the disk or the file is full, PermissionDenied
/// where it cannot be written, Busy where another process has it, Io otherwise.
class SqliteConnection {
public:
    /// `vfs`: SQLite's name of the file layer; empty: the usual one. Does not touch the file yet.
    static Result<SqliteConnection> open(const std::string& path, const std::string& vfs);

    /// One or more statements without parameters, results ignored.
    Status run(const std::string& sql) const;
    Result<SqliteStatement> prepare(const std::string& sql) const;
    /// The first column of the first row as a number; 0 without a row.
    Result<std::int64_t> number(const std::string& sql) const;

    /// What was read of the file so far says that it must not be written, or the system does.
    bool read_only() const;

    /// Whether closing also tidies up: moves what the write-ahead log has into the file.
    void tidy_at_close(bool wanted) const;

private:
    Error error(int code, const std::string& what) const;

    std::unique_ptr<sqlite3, detail::SqliteCloser> database_;
    std::string name_;
};

}  // namespace slotd::os
