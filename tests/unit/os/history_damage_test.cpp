#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "os/history_settings.hpp"
#include "pci/address.hpp"
#include "tests/fakes/faulty_disk.hpp"
#include "tests/fakes/running_history.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

using namespace std::chrono_literals;
using namespace history;
using fakes::FaultyDisk;
using fakes::history_settings;
using fakes::RunningHistory;
using fakes::stamp_at;

constexpr pci::Address kRoot{0, 0, 1, 0};
constexpr pci::Address kPort{0, 1, 0, 0};
constexpr pci::Address kOther{0, 2, 0, 0};

const std::vector<Entry> kEntries{
    IncidentOpened{7, kPort, "5", "AER fatal"},
    AttemptReserved{kPort, kRoot, 7, 1, "slot", true, ""},
    AttemptEnded{kPort, 7, 1, false, false, "no answer"},
    AttemptReserved{kPort, kRoot, 7, 2, "reenumerate", true, ""},
    Held{kOther, {}, "uid 0", "swap"},
    Quarantined{kPort, "spent"},
};

/// What the files of a history say, byte for byte; none of the log where slotd ended by itself.
struct Files {
    std::string database;
    std::string log;
    std::string mark;
};

/// A directory for each try, on a disk whose syncs are free.
struct HistoryDamage : testing::Test {
    const FaultyDisk& disk = FaultyDisk::make();
    std::optional<fakes::TempDir> dir;

    HistorySettings settings(std::int64_t minutes = 1) const {
        HistorySettings all = history_settings(dir->path(), minutes);
        all.vfs = disk.name();
        return all;
    }

    void write_all() const {
        RunningHistory history(settings(0));
        for (const Entry& entry : kEntries) {
            EXPECT_TRUE(history.write(entry));
        }
    }

    Files files() const {
        return {dir->read("history.db"), dir->read("history.db-wal"), dir->read("acknowledged")};
    }

    /// After an orderly end.
    Files tidy() {
        dir.emplace();
        write_all();
        return files();
    }

    /// After the process was killed: most of it is in the log.
    Files killed() {
        dir.emplace();
        const pid_t child = ::fork();
        if (child == 0) {
            RunningHistory history(settings(0));
            for (const Entry& entry : kEntries) {
                (void)history.write(entry);
            }
            ::_exit(0);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
        return files();
    }

    void put(const Files& files) {
        dir.emplace();
        const auto write = [this](const char* name, const std::string& content) {
            if (!content.empty()) {
                dir->write(name, content);
            }
        };
        write("history.db", files.database);
        write("history.db-wal", files.log);
        write("acknowledged", files.mark);
    }

    Opened open(const Files& files) {
        put(files);
        return open();
    }

    Opened open(std::int64_t minutes = 1) const {
        RunningHistory history(settings(minutes));
        return history.expect<Opened>();
    }

    /// What is remembered of a whole history, one minute later.
    Remembered whole() const {
        std::vector<Row> rows;
        for (const Entry& entry : kEntries) {
            rows.push_back({rows.size() + 1, stamp_at(0), entry});
        }
        return recall(rows, stamp_at(1), 1h);
    }

    /// Whether it is noticed, and said, that something is wrong. Otherwise nothing is.
    bool noticed() const {
        RunningHistory history(settings());
        const News news = history.next();
        if (const auto* const unusable = std::get_if<Unusable>(&news)) {
            EXPECT_TRUE(unusable->reason.contains("which a later version of slotd wrote"));
            return true;
        }
        const Opened& opened = std::get<Opened>(news);
        if (opened.remembered.unknown_budget) {
            EXPECT_FALSE(opened.warnings.empty());
            return true;
        }
        EXPECT_EQ(opened.remembered, whole());
        EXPECT_EQ(opened.warnings, std::vector<std::string>{});
        return false;
    }

    /// Flips bytes of `part`, all that are not zero and some that are, one try each. How many of
    /// them were noticed.
    int flip_every(Files good, std::string Files::*part, std::size_t step) {
        int count = 0;
        std::size_t nonzero = 0;
        const std::string bytes = good.*part;
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            nonzero += bytes[at] != 0 ? 1 : 0;
            const bool wanted = bytes[at] != 0 ? nonzero % step == 0 : at % 509 == 0;
            if (!wanted) {
                continue;
            }
            SCOPED_TRACE(testing::Message() << "byte " << at);
            (good.*part)[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
            put(good);
            count += noticed() ? 1 : 0;
            (good.*part)[at] = bytes[at];
            if (HasFailure()) {
                break;
            }
        }
        return count;
    }
};

TEST_F(HistoryDamage, IsNoticedWhicheverByteOfTheDatabaseFlips) {
    EXPECT_GT(flip_every(tidy(), &Files::database, 3), 200);
}

TEST_F(HistoryDamage, IsNoticedWhicheverByteOfTheLogFlips) {
    const Files good = killed();
    ASSERT_GT(good.log.size(), 4096U) << "there is something in it";

    EXPECT_GT(flip_every(good, &Files::log, 29), 100);
}

TEST_F(HistoryDamage, IsNoticedWhereverTheDatabaseIsCut) {
    const Files good = tidy();
    for (std::size_t size = 0; size < good.database.size(); size += 511) {
        SCOPED_TRACE(testing::Message() << size << " bytes left");
        Files cut = good;
        cut.database.resize(size);

        EXPECT_TRUE(open(cut).remembered.unknown_budget);
    }
}

TEST_F(HistoryDamage, IsNoticedWhereverTheLogIsCut) {
    const Files good = killed();
    int count = 0;
    for (std::size_t size = 0; size < good.log.size(); size += 1021) {
        SCOPED_TRACE(testing::Message() << size << " bytes left");
        Files cut = good;
        cut.log.resize(size);

        put(cut);

        count += noticed() ? 1 : 0;
    }
    // Not where only what SQLite fills up a sector with is missing.
    EXPECT_GT(count, 30);
    EXPECT_EQ(open(good).remembered, whole());
}

TEST_F(HistoryDamage, OfTheMarkIsNoticed) {
    const Files good = tidy();
    for (const std::size_t size : {0U, 1U, 511U, 512U, 1023U}) {
        Files cut = good;
        cut.mark.resize(size);
        EXPECT_TRUE(open(cut).remembered.unknown_budget) << size << " bytes left";
    }
    EXPECT_GT(flip_every(good, &Files::mark, 7), -1);
    Files both = good;
    both.mark[20] = 'x';
    both.mark[20 + 512] = 'x';
    EXPECT_TRUE(open(both).remembered.unknown_budget);
}

// Byte 18 is the version that SQLite needs for writing; one that it does not know means "read
// only".
TEST_F(HistoryDamage, OfTheHeaderIsNotTakenForAReadOnlyDisk) {
    Files bad = tidy();
    ASSERT_EQ(bad.database[18], 2);
    bad.database[18] = 6;

    EXPECT_TRUE(open(bad).remembered.unknown_budget);
    EXPECT_EQ(dir->read("history.db.damaged-1"), bad.database);
}

TEST_F(HistoryDamage, AMissingHistoryIsNoFirstStart) {
    Files gone = tidy();
    gone.database.clear();

    EXPECT_EQ(open(gone).remembered.unknown_budget->reason,
              "the history is missing or empty, although 6 entries had been acknowledged");
}

TEST_F(HistoryDamage, AnOlderCopyIsNotTakenForTheHistory) {
    const Files older = tidy();
    RunningHistory(settings()).write(AttemptReserved{kPort, kRoot, 7, 3, "slot", true, ""}).value();
    dir->write("history.db", older.database);

    const Opened opened = open();

    EXPECT_EQ(opened.remembered.unknown_budget->reason,
              "entries 7 to 7 of the history, which had been acknowledged, are missing");
    EXPECT_EQ(opened.remembered.quarantines, (std::vector<Quarantined>{{kPort, "spent"}}));
}

TEST_F(HistoryDamage, EverythingGoneIsSaidToBeAFirstStart) {
    dir.emplace();

    const Opened opened = open();

    EXPECT_EQ(opened.remembered, Remembered{});
    ASSERT_EQ(opened.warnings.size(), 1U);
    EXPECT_TRUE(opened.warnings.front().ends_with("a first start, every budget is fresh."));
}

// The fact that something was lost is itself remembered, until its time is over.
TEST_F(HistoryDamage, StaysKnownOverRestartsForOneWindow) {
    Files gone = tidy();
    gone.database.clear();
    ASSERT_EQ(open(gone).remembered.unknown_budget->left, 60min);
    ASSERT_TRUE(RunningHistory(settings(2)).write(Released{kOther, "uid 0", "known"}, 2));

    const auto later = open(31).remembered.unknown_budget;
    EXPECT_EQ(later->left, 30min);
    EXPECT_EQ(later->known_again, std::vector<pci::Address>{kOther});
    EXPECT_EQ(open(61).remembered.unknown_budget, std::nullopt);
}

TEST_F(HistoryDamage, SetsTheFileAsideAndCarriesOverWhatCanBeRead) {
    Files bad = tidy();
    const std::size_t at = bad.database.find("no answer");
    ASSERT_NE(at, std::string::npos);
    bad.database[at] = 'N';

    const Opened opened = open(bad);

    EXPECT_EQ(opened.remembered.unknown_budget->reason,
              "failed to read 1 entries of history.db: malformed");
    EXPECT_EQ(opened.remembered.quarantines, whole().quarantines);
    EXPECT_EQ(opened.remembered.holds, whole().holds);
    EXPECT_EQ(opened.remembered.spent, whole().spent);
    EXPECT_EQ(opened.remembered.ambiguous, whole().ambiguous);
    EXPECT_EQ(dir->read("history.db.damaged-1"), bad.database);
    ASSERT_EQ(opened.warnings.size(), 2U);
    EXPECT_EQ(opened.warnings[1], "it was set aside as " + dir->path("history.db.damaged-1") + ".");
}

TEST_F(HistoryDamage, KeepsABoundedNumberOfDamagedFiles) {
    dir.emplace();
    write_all();
    std::vector<std::string> last;
    for (int time = 1; time <= 7; ++time) {
        dir->write("history.db", "damage number " + std::to_string(time));
        last = open().warnings;
    }

    EXPECT_EQ(dir->read("history.db.damaged-2"), "");
    EXPECT_EQ(dir->read("history.db.damaged-3"), "damage number 3");
    EXPECT_EQ(dir->read("history.db.damaged-7"), "damage number 7");
    ASSERT_EQ(last.size(), 3U);
    EXPECT_EQ(last[1], "the oldest damaged history, " + dir->path("history.db.damaged-2") +
                           ", was removed.");
}

// A crash while a file is set aside: the database is gone, its log is not yet.
TEST_F(HistoryDamage, GoesOnWhereSettingAsideWasInterrupted) {
    Files half = killed();
    half.database.clear();

    const Opened opened = open(half);

    EXPECT_TRUE(opened.remembered.unknown_budget);
    EXPECT_EQ(dir->read("history.db.damaged-1-wal"), half.log);
}

// The same, before there ever was a mark: what was set aside shows that this is no first start.
TEST_F(HistoryDamage, IsRememberedWhereNothingButTheDamagedFileIsLeft) {
    dir.emplace();
    dir->write("history.db.damaged-1", "it was here");

    EXPECT_TRUE(open().remembered.unknown_budget);
}

}  // namespace
}  // namespace slotd::os
