#include "os/history_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/query.hpp"
#include "history/remembered.hpp"
#include "os/history_settings.hpp"
#include "os/history_stamp.hpp"
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

constexpr pci::Address kRoot{0, 0, 1, 0};
constexpr pci::Address kPort{0, 1, 0, 0};
constexpr pci::Address kOther{0, 2, 0, 0};

AttemptReserved reserved(std::uint32_t attempt) {
    return {kPort, kRoot, 7, attempt, "slot", true, ""};
}

AttemptEnded well(std::uint32_t attempt) {
    return {kPort, 7, attempt, true, false, "verified"};
}

struct HistoryStoreTest : testing::Test {
    fakes::TempDir dir;

    HistorySettings settings(std::int64_t minutes = 0) const {
        return history_settings(dir.path(), minutes);
    }

    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
            names.push_back(entry.path().filename());
        }
        std::ranges::sort(names);
        return names;
    }
};

TEST_F(HistoryStoreTest, SaysThatAFirstStartIsOne) {
    RunningHistory history(settings());

    const auto opened = history.expect<Opened>();

    EXPECT_EQ(opened.remembered, Remembered{});
    EXPECT_EQ(opened.warnings,
              std::vector<std::string>{dir.path() + " has no history and no trace of one: a first "
                                                    "start, every budget is fresh."});
}

TEST_F(HistoryStoreTest, RemembersOverARestart) {
    {
        RunningHistory history(settings());
        ASSERT_TRUE(history.write(reserved(1), 1));
        ASSERT_TRUE(history.write(well(1), 2));
        ASSERT_TRUE(history.write(Held{kOther, 30min, "uid 0", "swap"}, 3));
        ASSERT_TRUE(history.write(Quarantined{kPort, "5 attempts"}, 4));
        ASSERT_TRUE(history.write(reserved(2), 5));
    }
    RunningHistory history(settings(20));

    EXPECT_EQ(history.expect<Opened>(),
              (Opened{{{{kPort, kRoot, true, 19min}, {kPort, kRoot, true, 15min}},
                       {{kOther, 13min, "uid 0", "swap"}},
                       {{kPort, "5 attempts"}},
                       {{reserved(2), 15min, ""}},
                       {},
                       {}},
                      {}}));
}

TEST_F(HistoryStoreTest, LeavesOneTidyFileAndItsMark) {
    {
        RunningHistory history(settings());
        ASSERT_TRUE(history.write(reserved(1)));
    }

    EXPECT_EQ(files(), (std::vector<std::string>{"acknowledged", "history.db"}));
    EXPECT_EQ(std::filesystem::file_size(dir.path("acknowledged")), 1024U);
    EXPECT_TRUE(dir.read("acknowledged").starts_with("entries of history.db up to 1 were "));
}

TEST_F(HistoryStoreTest, WritesEntriesWithoutATicketToo) {
    {
        RunningHistory history(settings());
        history.expect<Opened>();
        history.store.append(reserved(1), stamp_at(1));
        history.store.append(well(1), stamp_at(2));
    }
    RunningHistory history(settings(3));

    EXPECT_EQ(history.expect<Opened>().remembered,
              (Remembered{{{kPort, kRoot, true, 2min}}, {}, {}, {}, {}, {}}));
}

TEST_F(HistoryStoreTest, AnswersQueriesWithTheNewestRowsOldestFirst) {
    RunningHistory history(settings());
    ASSERT_TRUE(history.write(IncidentOpened{7, kPort, "5", "AER fatal"}, 1));
    ASSERT_TRUE(history.write(reserved(1), 2));
    ASSERT_TRUE(history.write(Released{kOther, "uid 0", ""}, 3));
    ASSERT_TRUE(history.write(well(1), 4));
    const Row opened{1, stamp_at(1), IncidentOpened{7, kPort, "5", "AER fatal"}};
    const Row attempt{2, stamp_at(2), reserved(1)};
    const Row released{3, stamp_at(3), Released{kOther, "uid 0", ""}};
    const Row ended{4, stamp_at(4), well(1)};

    EXPECT_EQ(history.find({}), (std::vector{opened, attempt, released, ended}));
    EXPECT_EQ(history.find({{}, {}, {}, 2}), (std::vector{released, ended}));
    EXPECT_EQ(history.find({kPort, {}, {}, 100}), (std::vector{opened, attempt, ended}));
    EXPECT_EQ(history.find({{}, 7, stamp_at(2).realtime_us, 100}), (std::vector{attempt, ended}));
    EXPECT_EQ(history.find({{}, 8, {}, 100}), std::vector<Row>{});
}

TEST_F(HistoryStoreTest, FindsWhatIsFarBehindAndWritesMeanwhile) {
    RunningHistory history(settings());
    ASSERT_TRUE(history.write(IncidentOpened{7, kPort, "5", "AER fatal"}, 1));
    for (int round = 0; round < 30; ++round) {
        for (int count = 0; count < 99; ++count) {
            history.store.append(Released{kOther, "", ""}, stamp_at(2));
        }
        ASSERT_TRUE(history.write(Released{kOther, "", ""}, 2));
    }
    for (history::Ticket ticket = 1; ticket <= 4; ++ticket) {
        history.store.query({{}, 7, {}, 100}, ticket);
        history.store.append(reserved(1), stamp_at(3), 10 + ticket);
    }
    int written = 0;
    for (int answered = 0; answered < 4;) {
        const history::News news = history.next();
        written += std::holds_alternative<Written>(news) ? 1 : 0;
        if (const auto* const answer = std::get_if<Answered>(&news)) {
            ++answered;
            ASSERT_TRUE(answer->rows);
            EXPECT_EQ(answer->rows->front().seq, 1U);
        }
    }
    EXPECT_EQ(written, 4) << "nobody's entry waited for the questions";
}

TEST_F(HistoryStoreTest, IsForOneProcessAlone) {
    RunningHistory first(settings());
    first.expect<Opened>();

    RunningHistory second(settings());

    EXPECT_TRUE(second.expect<Unusable>().reason.contains("history.db (database is locked)"));
    EXPECT_EQ(second.write(reserved(1)).error().kind, ErrorKind::Busy);
}

TEST_F(HistoryStoreTest, ForgetsWhatIsTooOldButNothingThatCounts) {
    HistorySettings old = settings();
    {
        RunningHistory history(old);
        ASSERT_TRUE(history.write(Quarantined{kPort, "spent"}, 1));
        ASSERT_TRUE(history.write(IncidentOpened{7, kPort, "5", ""}, 2));
        ASSERT_TRUE(history.write(Released{kOther, "", ""}, 3));
        ASSERT_TRUE(history.write(well(9), 60 * 24 * 300));
    }
    RunningHistory history(settings(60 * 24 * 401));

    EXPECT_EQ(history.expect<Opened>().remembered,
              (Remembered{{}, {}, {{kPort, "spent"}}, {}, {}, {}}));
    EXPECT_EQ(history.find({}), (std::vector<Row>{{1, stamp_at(1), Quarantined{kPort, "spent"}},
                                                  {4, stamp_at(60 * 24 * 300), well(9)}}));
    ASSERT_TRUE(history.write(Released{kPort, "", ""}));
    EXPECT_EQ(history.find({}).back().seq, 5U) << "numbers are never used twice";
}

TEST_F(HistoryStoreTest, StaysWithinItsSizeAndKeepsWhatCounts) {
    HistorySettings small = settings();
    small.bytes_max = 1024 * 1024;
    RunningHistory history(small);
    ASSERT_TRUE(history.write(Held{kOther, {}, "uid 0", "swap"}));
    ASSERT_TRUE(history.write(reserved(1)));
    ASSERT_TRUE(history.write(well(1)));
    const IncidentOpened large{7, kPort, std::string(500, 's'), std::string(1000, 'c')};
    for (int round = 0; round < 100; ++round) {
        for (int count = 0; count < 30; ++count) {
            history.store.append(large, stamp_at(0));
        }
        ASSERT_TRUE(history.write(large)) << "round " << round;
    }
    EXPECT_EQ(history.aside.size(), 1U) << "nothing but Opened: never full";

    EXPECT_LE(std::filesystem::file_size(dir.path("history.db")), 1024U * 1024);
    EXPECT_LE(std::filesystem::file_size(dir.path("history.db-wal")), 8U * 1024 * 1024);
    const auto rows = history.find({{}, {}, {}, kQueryRowsMax});
    ASSERT_GT(rows.size(), 200U);
    EXPECT_EQ(rows[0], (Row{1, stamp_at(0), Held{kOther, {}, "uid 0", "swap"}}));
    EXPECT_EQ(rows[1], (Row{2, stamp_at(0), reserved(1)}));
    EXPECT_EQ(rows[2], (Row{3, stamp_at(0), well(1)}));
    EXPECT_EQ(rows.back().seq, 3103U);
}

TEST(ReadStamp, IsOfThisBoot) {
    const Stamp now = read_stamp();

    EXPECT_EQ(now.boot_id.size(), 36U);
    EXPECT_GT(now.boottime_us, 0);
    EXPECT_EQ(age_of(now, now), 0ns);
}

}  // namespace
}  // namespace slotd::os
