#include "os/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>

#include "base/overloaded.hpp"
#include "base/result.hpp"
#include "history/columns.hpp"

namespace slotd::os {

namespace {

// Longer values are not ours; a file can claim gigabytes.
constexpr int kValueBytesMax = 1024 * 1024;

ErrorKind kind_of(int code) {
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_MISMATCH:
        case SQLITE_CONSTRAINT:
        case SQLITE_TOOBIG:
        case SQLITE_ERROR:  // SQL that does not fit the file's schema
            return ErrorKind::Malformed;
        case SQLITE_FULL:
            return ErrorKind::Overflow;
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_AUTH:
            return ErrorKind::PermissionDenied;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return ErrorKind::Busy;
        default:
            return ErrorKind::Io;
    }
}

Error error_of(sqlite3* database, int code, const std::string& what, const std::string& name) {
    // The system call's errno is of the last failure on this connection, perhaps another one.
    const bool by_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    const int os_errno = database != nullptr && by_system ? sqlite3_system_errno(database) : 0;
    return Error{kind_of(code), os_errno,
                 fmt::format("{} {} ({})", what, name, sqlite3_errstr(code))};
}

}  // namespace

void detail::SqliteCloser::operator()(sqlite3* database) const {
    // Fails only while statements live; v2 waits for them.
    (void)sqlite3_close_v2(database);
}

void detail::StatementFinalizer::operator()(sqlite3_stmt* statement) const {
    (void)sqlite3_finalize(statement);  // repeats the error of the last step
}

Status SqliteStatement::bind(int parameter, const history::Value& value) {
    const int code = std::visit(
        Overloaded{
            [&](std::monostate) { return sqlite3_bind_null(statement_.get(), parameter); },
            [&](std::int64_t number) {
                return sqlite3_bind_int64(statement_.get(), parameter, number);
            },
            [&](const std::string& text) {
                return sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(),
                                           SQLITE_TRANSIENT, SQLITE_UTF8);
            },
        },
        value);
    if (code != SQLITE_OK) {
        return std::unexpected(error_of(nullptr, code, "give a value to", name_));
    }
    return {};
}

Result<bool> SqliteStatement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        return code == SQLITE_ROW;
    }
    const bool reads = sqlite3_stmt_readonly(statement_.get()) != 0;
    return std::unexpected(
        error_of(sqlite3_db_handle(statement_.get()), code, reads ? "read" : "write to", name_));
}

void SqliteStatement::reset() {
    (void)sqlite3_reset(statement_.get());
}

Result<history::Value> SqliteStatement::value(int column) const {
    switch (sqlite3_column_type(statement_.get(), column)) {
        case SQLITE_NULL:
            return history::Value{};
        case SQLITE_INTEGER:
            return history::Value{std::int64_t{sqlite3_column_int64(statement_.get(), column)}};
        case SQLITE_TEXT: {
            const auto* const text = sqlite3_column_text(statement_.get(), column);
            const int length = sqlite3_column_bytes(statement_.get(), column);
            if (text == nullptr) {
                return failure(ErrorKind::Malformed, "read a text of " + name_);
            }
            return history::Value{std::string(text, text + length)};
        }
        default:
            return failure(ErrorKind::Malformed, "read a value of " + name_);
    }
}

std::int64_t SqliteStatement::number(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER
               ? sqlite3_column_int64(statement_.get(), column)
               : 0;
}

Result<SqliteConnection> SqliteConnection::open(const std::string& path, const std::string& vfs) {
    SqliteConnection connection;
    connection.name_ = std::filesystem::path(path).filename();
    sqlite3* database = nullptr;
    const int code = sqlite3_open_v2(
        path.c_str(), &database,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        vfs.empty() ? nullptr : vfs.c_str());
    connection.database_.reset(database);
    if (code != SQLITE_OK) {
        return std::unexpected(connection.error(code, "open"));
    }
    (void)sqlite3_limit(database, SQLITE_LIMIT_LENGTH, kValueBytesMax);
    // The file can come from anybody: nothing in its schema is run, nothing in it repaired by hand.
    (void)sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    (void)sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    (void)sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    connection.tidy_at_close(false);
    return connection;
}

Status SqliteConnection::run(const std::string& sql) const {
    const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return std::unexpected(error(code, "write to"));
    }
    return {};
}

Result<SqliteStatement> SqliteConnection::prepare(const std::string& sql) const {
    SqliteStatement statement;
    statement.name_ = name_;
    sqlite3_stmt* prepared = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                        &prepared, nullptr);
    statement.statement_.reset(prepared);
    if (code != SQLITE_OK) {
        return std::unexpected(error(code, "read"));
    }
    return statement;
}

Result<std::int64_t> SqliteConnection::number(const std::string& sql) const {
    auto statement = prepare(sql);
    if (!statement) {
        return std::unexpected(std::move(statement.error()));
    }
    const auto row = statement->step();
    if (!row) {
        return std::unexpected(row.error());
    }
    return *row ? statement->number(0) : 0;
}

bool SqliteConnection::read_only() const {
    return sqlite3_db_readonly(database_.get(), "main") == 1;
}

void SqliteConnection::tidy_at_close(bool wanted) const {
    (void)sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1,
                            nullptr);
}

Error SqliteConnection::error(int code, const std::string& what) const {
    return error_of(database_.get(), code, what, name_);
}

}  // namespace slotd::os
