#include "os/history_schema.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "base/result.hpp"
#include "history/columns.hpp"
#include "os/sqlite.hpp"

namespace slotd::os {

namespace {

/// Column names as of history/columns.hpp. `opened` has one row: when slotd last opened the file
/// for writing; that it can be written shows that the file can be.
const std::array<std::string, 1> kSteps{
    "CREATE TABLE entries ("
    " seq INTEGER PRIMARY KEY,"
    " realtime_us INTEGER NOT NULL,"
    " boottime_us INTEGER NOT NULL,"
    " boot_id TEXT NOT NULL,"
    " kind TEXT NOT NULL,"
    " port TEXT,"
    " root_port TEXT,"
    " slot TEXT,"
    " incident INTEGER,"
    " attempt INTEGER,"
    " step TEXT,"
    " automatic INTEGER,"
    " well INTEGER,"
    " ambiguous INTEGER,"
    " who TEXT,"
    " said TEXT,"
    " lasts_us INTEGER,"
    " checksum INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE opened (realtime_us INTEGER NOT NULL) STRICT;"
    "INSERT INTO opened VALUES (0);",
};

/// Every object that the schema has, with the text that made it.
Result<std::string> schema_text(const SqliteConnection& connection) {
    auto statement =
        connection.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name");
    if (!statement) {
        return std::unexpected(std::move(statement.error()));
    }
    std::string text;
    while (true) {
        const auto row = statement->step();
        if (!row) {
            return std::unexpected(row.error());
        }
        if (!*row) {
            return text;
        }
        for (int column = 0; column < 3; ++column) {
            const auto value = statement->value(column);
            if (!value) {
                return std::unexpected(value.error());
            }
            const auto* const part = std::get_if<std::string>(&*value);
            text += (part != nullptr ? *part : std::string("null")) + "\n";
        }
    }
}

Status run_steps(const SqliteConnection& connection, SchemaSteps steps) {
    for (const std::string& step : steps) {
        if (auto done = connection.run(step); !done) {
            return done;
        }
    }
    return {};
}

/// What a file has that came through `steps`.
Result<std::string> expected_text(SchemaSteps steps) {
    auto connection = SqliteConnection::open(":memory:", "");
    if (!connection) {
        return std::unexpected(std::move(connection.error()));
    }
    if (auto done = run_steps(*connection, steps); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return schema_text(*connection);
}

Status migrate(const SqliteConnection& connection, SchemaSteps steps, std::size_t version) {
    Status done = connection.run("BEGIN IMMEDIATE");
    if (done) {
        done = run_steps(connection, steps.subspan(version));
    }
    if (done) {
        done =
            connection.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};"
                                       "COMMIT",
                                       kHistoryApplicationId, steps.size()));
    }
    if (!done) {
        (void)connection.run("ROLLBACK");  // the first error is the one to tell
    }
    return done;
}

}  // namespace

SchemaSteps history_schema() {
    return kSteps;
}

Result<SchemaFound> bring_up_to_date(const SqliteConnection& connection, SchemaSteps steps) {
    const auto application = connection.number("PRAGMA application_id");
    const auto version = connection.number("PRAGMA user_version");
    auto found = schema_text(connection);
    if (!application || !version || !found) {
        return std::unexpected(!application ? application.error()
                               : !version   ? version.error()
                                            : found.error());
    }
    const bool empty = *application == 0 && *version == 0 && found->empty();
    if (!empty && *application != kHistoryApplicationId) {
        return SchemaFound::Foreign;
    }
    if (std::cmp_greater(*version, steps.size())) {
        return SchemaFound::Newer;
    }
    if (*version < 0 || (!empty && *version == 0)) {
        return SchemaFound::Foreign;
    }
    const auto at = static_cast<std::size_t>(*version);
    const auto expected = expected_text(steps.first(at));
    if (!expected) {
        return std::unexpected(expected.error());
    }
    if (*found != *expected) {
        return SchemaFound::Foreign;
    }
    if (at == steps.size()) {
        return SchemaFound::UpToDate;
    }
    if (auto done = migrate(connection, steps, at); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return SchemaFound::Migrated;
}

}  // namespace slotd::os
