#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "os/history_settings.hpp"
#include "os/history_store.hpp"
#include "pci/address.hpp"
#include "tests/fakes/faulty_disk.hpp"
#include "tests/fakes/running_history.hpp"
#include "tests/fakes/small_disk.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

using namespace std::chrono_literals;
using namespace history;
using fakes::FaultyDisk;
using fakes::history_settings;
using fakes::RunningHistory;
using fakes::SmallDisk;
using fakes::stamp_at;

constexpr pci::Address kRoot{0, 0, 1, 0};
constexpr pci::Address kPort{0, 1, 0, 0};

AttemptReserved reserved(std::uint32_t attempt) {
    return {kPort, kRoot, 7, attempt, "slot", true, ""};
}

struct HistoryDisk : testing::Test {
    fakes::TempDir dir;
    FaultyDisk& disk = FaultyDisk::make();

    HistorySettings settings() const {
        HistorySettings all = history_settings(dir.path());
        all.vfs = disk.name();
        return all;
    }

    Opened opened_again() const {
        RunningHistory history(settings());
        return history.expect<Opened>();
    }
};

/// At each change that a life makes: the disk fails there with `code`, three times, then works.
/// Every ticket has its answer, the state is said, and nothing that was acknowledged is gone.
void fail_at_every_change(int code) {
    for (int change = 1;; ++change) {
        SCOPED_TRACE(testing::Message() << "failing from change " << change);
        ASSERT_LT(change, 500);
        const fakes::TempDir dir;
        FaultyDisk& disk = FaultyDisk::make();
        HistorySettings settings = history_settings(dir.path());
        settings.vfs = disk.name();
        disk.fail(change, change + 3, code);
        std::vector<std::uint32_t> acknowledged;
        std::vector<News> aside;
        {
            RunningHistory history(settings);
            for (std::uint32_t attempt = 1; attempt <= 4; ++attempt) {
                if (history.write(reserved(attempt))) {
                    acknowledged.push_back(attempt);
                }
                if (std::holds_alternative<Unusable>(history.aside.back())) {
                    history.aside.push_back(history.expect<Opened>());
                }
            }
            aside = history.aside;
        }
        const int made = disk.changes();
        disk.fail(0, 0, SQLITE_OK);
        RunningHistory later(settings);
        const auto opened = later.expect<Opened>();
        EXPECT_FALSE(opened.remembered.unknown_budget);
        EXPECT_GE(opened.remembered.spent.size(), acknowledged.size());
        EXPECT_LE(opened.remembered.spent.size(), 4U);
        EXPECT_GE(acknowledged.size(), 3U) << "it works again after the trouble";
        const bool said = std::ranges::any_of(
            aside, [](const News& news) { return std::holds_alternative<Unusable>(news); });
        EXPECT_TRUE(said || acknowledged.size() == 4U);
        if (testing::Test::HasFailure() || change > made) {
            return;
        }
    }
}

TEST_F(HistoryDisk, FullAtAnyWriteIsSaidAndPasses) {
    fail_at_every_change(SQLITE_FULL);
}

TEST_F(HistoryDisk, BrokenAtAnyWriteIsSaidAndPasses) {
    fail_at_every_change(SQLITE_IOERR_WRITE);
}

// A reservation whose sync failed may be on the disk or not: it is not acknowledged, and counts if
// it is.
TEST_F(HistoryDisk, AFailedSyncIsNoAcknowledgement) {
    RunningHistory history(settings());
    ASSERT_TRUE(history.write(reserved(1)));

    disk.fail_syncs(true);
    EXPECT_EQ(history.write(reserved(2)).error().kind, ErrorKind::Io);
    EXPECT_TRUE(std::get<Unusable>(history.aside.back()).reason.contains("history"));
    EXPECT_EQ(history.write(reserved(3)).error().kind, ErrorKind::Io);

    disk.fail_syncs(false);
    EXPECT_GE(history.expect<Opened>().remembered.spent.size(), 1U);
    EXPECT_TRUE(history.write(reserved(4)));
}

TEST_F(HistoryDisk, TroubleIsSaidOnceHoweverOftenItIsTriedAgain) {
    RunningHistory history(settings());
    history.expect<Opened>();
    disk.fail(disk.changes() + 1, disk.changes() + 40, SQLITE_FULL);

    EXPECT_FALSE(history.write(reserved(1)));

    EXPECT_EQ(history.aside.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<Unusable>(history.aside.front()));
    history.expect<Opened>();
}

// Nobody waits for these, so they wait until the disk can take them.
TEST_F(HistoryDisk, EntriesWithoutATicketOutliveTheTrouble) {
    {
        RunningHistory history(settings());
        history.expect<Opened>();
        disk.fail(disk.changes() + 1, disk.changes() + 10, SQLITE_FULL);
        history.store.append(Quarantined{kPort, "spent"}, stamp_at(0));
        history.expect<Unusable>();
        history.store.append(IncidentClosed{7, kPort, false, "given up", false}, stamp_at(0));
        history.expect<Opened>();
        EXPECT_EQ(history.find({}).size(), 2U);
    }
    EXPECT_EQ(opened_again().remembered.quarantines.size(), 1U);
}

TEST_F(HistoryDisk, ThatHangsHoldsNobodyUp) {
    HistorySettings hasty = settings();
    hasty.queue_max = 10;
    hasty.patience_at_end = 1ms;
    {
        RunningHistory history(hasty);
        history.expect<Opened>();
        disk.hold_syncs();
        history.store.append(reserved(1), stamp_at(0), 1);
        disk.wait_until_held();
        // The thread hangs in the disk with the first; all below must return at once.
        for (std::uint32_t attempt = 2; attempt <= 11; ++attempt) {
            history.store.append(reserved(attempt), stamp_at(0), attempt);
        }
        EXPECT_EQ(history.store.drain().size(), 0U) << "still waiting, within the queue's bound";

        history.store.append(reserved(12), stamp_at(0), 12);
        history.store.append(IncidentClosed{7, kPort, true, "", false}, stamp_at(0));
        history.store.query({}, 13);

        const auto refused = history.expect<Written>();
        EXPECT_EQ(refused.ticket, 12U);
        EXPECT_EQ(refused.status.error().kind, ErrorKind::Overflow);
        EXPECT_EQ(history.expect<Answered>().rows.error().kind, ErrorKind::Overflow);
    }
    // The store is gone, its thread is not: it was left behind, and ends when the disk answers.
    disk.let_go();
    disk.wait_until_closed();
    EXPECT_GE(opened_again().remembered.spent.size(), 1U);
}

TEST_F(HistoryDisk, ThatIsSlowGetsEverythingInTheEnd) {
    HistorySettings narrow = settings();
    narrow.queue_max = 4;
    RunningHistory history(narrow);
    history.expect<Opened>();
    disk.hold_syncs();
    history.store.append(reserved(1), stamp_at(0), 1);
    disk.wait_until_held();
    for (int count = 0; count < 6; ++count) {
        history.store.append(IncidentOpened{7, kPort, "5", ""}, stamp_at(0));
    }
    history.store.append(Quarantined{kPort, "spent"}, stamp_at(0));
    history.store.append(reserved(2), stamp_at(0), 2);
    disk.let_go();

    EXPECT_TRUE(history.expect<Written>().status);
    EXPECT_EQ(history.expect<Dropped>(), Dropped{4}) << "incidents, and nothing that counts";
    EXPECT_TRUE(history.expect<Written>().status);
    EXPECT_EQ(history.find({}).size(), 5U);
}

TEST_F(HistoryDisk, ThatHangsAtTheStartDelaysNothingElse) {
    disk.hold_syncs();
    RunningHistory history(settings());
    disk.wait_until_held();

    EXPECT_FALSE(history.store.wait_for_news(1ms));
    history.store.append(reserved(1), stamp_at(0), 1);

    disk.let_go();
    history.expect<Opened>();
    EXPECT_TRUE(history.expect<Written>().status);
}

TEST_F(HistoryDisk, ReallyFullIsSaidAndPasses) {
    dir.make_dir("disk");
    const SmallDisk small(dir.path("disk"));
    if (!small) {
        GTEST_SKIP() << small.why();
    }
    RunningHistory history(history_settings(dir.path("disk")));
    ASSERT_TRUE(history.write(reserved(1)));
    std::ofstream(dir.path("disk/filler")) << std::string(400 * 1024, 'x');

    Status full;
    for (std::uint32_t attempt = 2; attempt < 200 && full; ++attempt) {
        full = history.write(reserved(attempt));
    }

    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind, ErrorKind::Overflow) << full.error().message();
    EXPECT_TRUE(std::get<Unusable>(history.aside.back()).reason.contains("full"));
    dir.remove("disk/filler");
    history.expect<Opened>();
    EXPECT_TRUE(history.write(reserved(200)));
}

TEST_F(HistoryDisk, ReadOnlyIsSaidAndPasses) {
    dir.make_dir("disk");
    const SmallDisk small(dir.path("disk"));
    if (!small) {
        GTEST_SKIP() << small.why();
    }
    HistorySettings plain = history_settings(dir.path("disk"));
    ASSERT_TRUE(RunningHistory(plain).write(reserved(1)));
    ASSERT_TRUE(small.read_only(true));
    RunningHistory history(plain);

    const auto unusable = history.expect<Unusable>();

    EXPECT_TRUE(unusable.reason.contains("history")) << unusable.reason;
    EXPECT_FALSE(history.write(reserved(2)));
    ASSERT_TRUE(small.read_only(false));
    EXPECT_EQ(history.expect<Opened>().remembered.spent.size(), 1U);
    EXPECT_TRUE(history.write(reserved(3)));
}

TEST_F(HistoryDisk, ADirectoryWithoutPermissionIsSaid) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root may write everywhere; the read-only disk is tested as root instead";
    }
    ASSERT_EQ(::chmod(dir.path().c_str(), 0500), 0);
    RunningHistory history(history_settings(dir.path()));

    history.expect<Unusable>();

    EXPECT_EQ(::chmod(dir.path().c_str(), 0700), 0);
    history.expect<Opened>();
}

TEST_F(HistoryDisk, AMissingDirectoryIsSaid) {
    RunningHistory history(history_settings(dir.path("nowhere")));

    EXPECT_TRUE(history.expect<Unusable>().reason.contains("No such file or directory"));
}

}  // namespace
}  // namespace slotd::os
