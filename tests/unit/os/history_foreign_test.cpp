#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "history/columns.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "os/history_schema.hpp"
#include "os/history_settings.hpp"
#include "os/sqlite.hpp"
#include "pci/address.hpp"
#include "tests/fakes/running_history.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

using namespace std::chrono_literals;
using namespace history;
using fakes::history_settings;
using fakes::RunningHistory;
using fakes::stamp_at;

constexpr pci::Address kPort{0, 1, 0, 0};

/// A database that somebody else wrote.
struct HistoryForeign : testing::Test {
    fakes::TempDir dir;

    void run(const std::string& sql) const {
        const auto connection = SqliteConnection::open(dir.path("history.db"), "");
        ASSERT_TRUE(connection);
        const Status done = connection->run(sql);
        ASSERT_TRUE(done) << done.error().message();
    }

    void make_ours() const {
        RunningHistory history(history_settings(dir.path()));
        ASSERT_TRUE(history.write(Quarantined{kPort, "spent"}));
    }

    Opened open() const {
        RunningHistory history(history_settings(dir.path(), 1));
        return history.expect<Opened>();
    }

    /// Taken for a damaged one, with the good row of make_ours() carried over or not.
    void expect_set_aside(bool with_row) const {
        const Opened opened = open();
        EXPECT_TRUE(opened.remembered.unknown_budget);
        EXPECT_EQ(opened.remembered.quarantines.size(), with_row ? 1U : 0U);
        EXPECT_NE(dir.read("history.db.damaged-1"), "");
    }
};

TEST_F(HistoryForeign, TextIsNoHistory) {
    dir.write("history.db", std::string(10'000, 'x'));

    expect_set_aside(false);
}

TEST_F(HistoryForeign, ADatabaseOfSomebodyElseIsNoHistory) {
    run("CREATE TABLE entries (seq INTEGER PRIMARY KEY, said TEXT); PRAGMA user_version = 1");

    expect_set_aside(false);
}

TEST_F(HistoryForeign, ASchemaThatIsNotWhatItsVersionSaysIsNoHistory) {
    make_ours();
    run("CREATE VIEW more AS SELECT * FROM entries");

    expect_set_aside(false);
}

TEST_F(HistoryForeign, AHistoryOfALaterVersionIsNotTouched) {
    make_ours();
    run("PRAGMA user_version = 2");
    const std::string before = dir.read("history.db");
    {
        RunningHistory history(history_settings(dir.path()));

        EXPECT_EQ(history.expect<Unusable>().reason,
                  "failed to use history.db, which a later version of slotd wrote: not supported");
        EXPECT_EQ(history.write(Quarantined{kPort, ""}).error().kind, ErrorKind::Unsupported);
    }
    EXPECT_EQ(dir.read("history.db"), before);
}

TEST_F(HistoryForeign, ADirectoryInItsPlaceIsNotTouched) {
    dir.make_dir("history.db");

    RunningHistory history(history_settings(dir.path()));

    EXPECT_EQ(history.expect<Unusable>().reason, "failed to use " + dir.path("history.db") +
                                                     ", which is no regular file: not supported");
}

TEST_F(HistoryForeign, RowsThatWeNeverWriteAreLeftOut) {
    const std::array<std::string, 8> rows{
        "(2, 1, 1, '', 'quarantined', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, "
        "NULL, 0)",
        "(-5, 1, 1, '', 'held', '0000:01:00.0', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
        "'x', "
        "'x', -1, 0)",
        "(9223372036854775807, 1, 1, '', 'history-lost', NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, NULL, NULL, 'x', NULL, 0)",
        "(3, -1, -9223372036854775808, '', 'no such kind', NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, "
        "NULL, NULL, NULL, NULL, NULL, 0)",
        "(4, 1, 1, '', 'quarantined', '0000:01:00.0', NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, "
        "NULL, hex(zeroblob(400000)), NULL, 0)",
        "(5, 1, 1, 'a' || char(0) || 'b', 'released', char(55296), NULL, NULL, NULL, NULL, NULL, "
        "NULL, NULL, NULL, 'x', 'x', NULL, 0)",
        "(6, 1, 1, '', 'attempt-reserved', '0000:01:00.0', '0000:00:01.0', NULL, 1, 99999999999, "
        "'slot', 1, NULL, NULL, '', NULL, NULL, 0)",
        "(7, 1, 1, '', 'attempt-ended', '0000:01:00.0', NULL, NULL, 1, 1, NULL, NULL, 2, 0, NULL, "
        "'x', "
        "NULL, 0)",
    };
    for (const std::string& row : rows) {
        SCOPED_TRACE(row);
        dir.remove("");
        dir.make_dir("");
        make_ours();
        run("INSERT INTO entries VALUES " + row);

        expect_set_aside(true);
    }
}

// With a right checksum: written by somebody who read the source.
TEST_F(HistoryForeign, ARowThatCannotBeIsLeftOutWhateverItsChecksum) {
    make_ours();
    Columns columns = columns_of({2, stamp_at(0), Quarantined{kPort, "x"}});
    columns[static_cast<std::size_t>(Column::Port)] = Value("../../etc");
    run("INSERT INTO entries (seq, realtime_us, boottime_us, boot_id, kind, port, said, checksum)"
        " VALUES (2, 6000000000000, 0, 'boot', 'quarantined', '../../etc', 'x', " +
        std::to_string(checksum(columns)) + ")");

    expect_set_aside(true);
}

// A value that is larger than SQLite is allowed to hand out here ends the reading.
TEST_F(HistoryForeign, AnEnormousValueIsNoTrouble) {
    make_ours();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(dir.path("history.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(
        sqlite3_exec(database,
                     "INSERT INTO entries VALUES (2, 1, 1, '', 'quarantined', '0000:01:00.0', "
                     "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
                     "hex(zeroblob(3000000)), NULL, 0)",
                     nullptr, nullptr, nullptr),
        SQLITE_OK);
    sqlite3_close(database);

    expect_set_aside(true);
}

const std::array<std::string, 2> kTwoSteps{
    "CREATE TABLE entries (seq INTEGER PRIMARY KEY, said TEXT) STRICT",
    "ALTER TABLE entries ADD COLUMN who TEXT; UPDATE entries SET who = 'nobody'"};

struct HistorySchemaTest : testing::Test {
    fakes::TempDir dir;
    SqliteConnection connection = SqliteConnection::open(dir.path("history.db"), "").value();

    Result<SchemaFound> update(SchemaSteps steps) const {
        return bring_up_to_date(connection, steps);
    }

    std::int64_t number(const std::string& sql) const { return connection.number(sql).value(); }
};

TEST_F(HistorySchemaTest, MakesTheNewestVersionInAnEmptyFile) {
    EXPECT_EQ(update(kTwoSteps).value(), SchemaFound::Migrated);
    EXPECT_EQ(number("PRAGMA user_version"), 2);
    EXPECT_EQ(number("PRAGMA application_id"), kHistoryApplicationId);
    EXPECT_EQ(update(kTwoSteps).value(), SchemaFound::UpToDate);
}

TEST_F(HistorySchemaTest, BringsAnOlderVersionUpToDateWithItsRows) {
    ASSERT_EQ(update(SchemaSteps(kTwoSteps).first(1)).value(), SchemaFound::Migrated);
    ASSERT_TRUE(connection.run("INSERT INTO entries VALUES (5, 'kept')"));

    EXPECT_EQ(update(kTwoSteps).value(), SchemaFound::Migrated);

    EXPECT_EQ(number("PRAGMA user_version"), 2);
    EXPECT_EQ(number("SELECT seq FROM entries WHERE said = 'kept' AND who = 'nobody'"), 5);
}

TEST_F(HistorySchemaTest, LeavesTheOldVersionWhereAStepFails) {
    ASSERT_EQ(update(SchemaSteps(kTwoSteps).first(1)).value(), SchemaFound::Migrated);
    const std::array<std::string, 3> broken{kTwoSteps[0], kTwoSteps[1],
                                            "INSERT INTO nowhere VALUES (1)"};

    EXPECT_FALSE(update(broken));

    EXPECT_EQ(number("PRAGMA user_version"), 1);
    EXPECT_EQ(update(kTwoSteps).value(), SchemaFound::Migrated);
}

TEST_F(HistorySchemaTest, LeavesALaterVersionAlone) {
    ASSERT_EQ(update(kTwoSteps).value(), SchemaFound::Migrated);

    EXPECT_EQ(update(SchemaSteps(kTwoSteps).first(1)).value(), SchemaFound::Newer);
    EXPECT_EQ(number("PRAGMA user_version"), 2);
}

TEST_F(HistorySchemaTest, HasTheColumnsOfARowInTheirOrder) {
    ASSERT_EQ(update(history_schema()).value(), SchemaFound::Migrated);
    auto columns = connection.prepare("SELECT name FROM pragma_table_info('entries') ORDER BY cid");
    ASSERT_TRUE(columns);
    for (const std::string_view name : kColumnNames) {
        ASSERT_TRUE(columns->step().value()) << name;
        EXPECT_EQ(columns->value(0).value(), Value(std::string(name)));
    }
    ASSERT_TRUE(columns->step().value());
    EXPECT_EQ(columns->value(0).value(), Value("checksum"));
    EXPECT_FALSE(columns->step().value());
}

}  // namespace
}  // namespace slotd::os
