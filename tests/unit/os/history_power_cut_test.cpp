#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "os/history_settings.hpp"
#include "os/unique_fd.hpp"
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
using fakes::Survives;

constexpr pci::Address kRoot{0, 0, 1, 0};
constexpr pci::Address kPort{0, 1, 0, 0};

/// What the child appends, one after the other; those with a number of 1, 4 and 5 with a ticket.
const std::vector<Entry> kEntries{
    IncidentOpened{7, kPort, "5", "AER fatal"},
    AttemptReserved{kPort, kRoot, 7, 1, "slot", true, ""},
    AttemptEnded{kPort, 7, 1, false, false, "no answer"},
    IncidentClosed{7, kPort, false, "failed", false},
    AttemptReserved{kPort, kRoot, 7, 2, "reenumerate", true, ""},
    Quarantined{kPort, "spent"},
};

bool has_ticket(std::size_t index) {
    return index == 1 || index == 4 || index == 5;
}

/// In a process of its own: uses the history on a disk whose power goes at that change, and writes
/// the index of each acknowledged entry to `said`. Ends with kPowerCut, or 0 when all is done.
[[noreturn]] void live(const std::string& directory, FaultyDisk& disk, int said) {
    HistorySettings settings = history_settings(directory);
    settings.vfs = disk.name();
    {
        RunningHistory history(settings);
        history.expect<Opened>();
        for (std::size_t index = 0; index < kEntries.size(); ++index) {
            if (!has_ticket(index)) {
                history.store.append(kEntries[index], stamp_at(0));
            } else if (history.write(kEntries[index])) {
                const char byte = static_cast<char>(index);
                (void)!::write(said, &byte, 1);
            }
        }
    }
    ::_exit(0);
}

struct Life {
    bool whole = false;  ///< the power never went
    std::set<std::size_t> acknowledged;
};

Life live_until(const std::string& directory, int change, Survives survives) {
    int pipe_ends[2];
    EXPECT_EQ(::pipe(pipe_ends), 0);
    const UniqueFd heard{pipe_ends[0]};
    UniqueFd said{pipe_ends[1]};
    const pid_t child = ::fork();
    if (child == 0) {
        FaultyDisk& disk = FaultyDisk::make();
        disk.cut_power_at(change, survives);
        live(directory, disk, said.get());
    }
    said.reset();
    Life life;
    for (char byte = 0; ::read(heard.get(), &byte, 1) == 1;) {
        life.acknowledged.insert(static_cast<std::size_t>(byte));
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    life.whole = WEXITSTATUS(status) == 0;
    EXPECT_TRUE(life.whole || WEXITSTATUS(status) == FaultyDisk::kPowerCut) << status;
    return life;
}

/// What the history has to say after its life ended there: everything acknowledged, nothing out of
/// order, no damage, and no loss, for nothing that counts was lost.
void check_after(const std::string& directory, const Life& life) {
    static const FaultyDisk& faultless = FaultyDisk::make();  // its syncs are free
    HistorySettings settings = history_settings(directory, 1);
    settings.vfs = faultless.name();
    RunningHistory history(settings);
    const auto opened = history.expect<Opened>();
    const std::vector<Row> rows = history.find({});

    EXPECT_EQ(opened.remembered.unknown_budget, std::nullopt);
    EXPECT_TRUE(opened.warnings.empty() || opened.warnings.front().contains("first start"))
        << opened.warnings.front();
    ASSERT_LE(rows.size(), kEntries.size());
    for (std::size_t index = 0; index < rows.size(); ++index) {
        EXPECT_EQ(rows[index], (Row{index + 1, stamp_at(0), kEntries[index]}));
    }
    for (const std::size_t index : life.acknowledged) {
        EXPECT_LT(index, rows.size()) << "acknowledged and lost";
    }
    EXPECT_EQ(opened.remembered, recall(rows, stamp_at(1), 1h));
}

std::string name_of(Survives survives) {
    switch (survives) {
        case Survives::Nothing:
            return "Nothing";
        case Survives::Everything:
            return "Everything";
        case Survives::EveryOther:
            return "EveryOther";
        case Survives::HalfOfLast:
            return "HalfOfLast";
    }
    std::unreachable();
}

struct HistoryPowerCut : testing::TestWithParam<Survives> {};

TEST_P(HistoryPowerCut, LosesNothingThatWasAcknowledgedAtAnyWrite) {
    int change = 1;
    for (bool whole = false; !whole; ++change) {
        ASSERT_LT(change, 500) << "the child never ends by itself";
        const fakes::TempDir dir;
        const Life life = live_until(dir.path(), change, GetParam());
        SCOPED_TRACE(testing::Message() << "power cut at change " << change << ", "
                                        << life.acknowledged.size() << " acknowledged");
        check_after(dir.path(), life);
        if (HasFailure()) {
            return;
        }
        whole = life.whole;
        if (whole) {
            EXPECT_EQ(life.acknowledged, (std::set<std::size_t>{1, 4, 5}));
        }
    }
    EXPECT_GT(change, 40) << "so few changes cannot have been the whole life";
    RecordProperty("changes", change);
}

// A second life in the same files: what the first left behind must not hurt it.
TEST_P(HistoryPowerCut, LosesNothingWhileARestartReadsAndTidiesUp) {
    int change = 1;
    for (bool whole = false; !whole; ++change) {
        ASSERT_LT(change, 500) << "the child never ends by itself";
        const fakes::TempDir dir;
        // Cut late in the first life, so that there is a write-ahead log to be read.
        const Life first = live_until(dir.path(), 48, Survives::Everything);
        ASSERT_FALSE(first.whole);
        const pid_t child = ::fork();
        if (child == 0) {
            FaultyDisk& disk = FaultyDisk::make();
            disk.cut_power_at(change, GetParam());
            HistorySettings settings = history_settings(dir.path(), 1);
            settings.vfs = disk.name();
            { RunningHistory(settings).expect<Opened>(); }
            ::_exit(0);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        SCOPED_TRACE(testing::Message() << "second power cut at change " << change);
        check_after(dir.path(), first);
        if (HasFailure()) {
            return;
        }
        whole = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    EXPECT_GT(change, 5);
}

INSTANTIATE_TEST_SUITE_P(DisksThatKeep, HistoryPowerCut, testing::ValuesIn(fakes::kAllSurvivals),
                         [](const auto& disk) { return name_of(disk.param); });

}  // namespace
}  // namespace slotd::os
