#include "history/remembered.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/stamp.hpp"
#include "pci/address.hpp"

namespace slotd::history {
namespace {

using namespace std::chrono_literals;

constexpr pci::Address kRoot{0, 0, 1, 0};
constexpr pci::Address kPort{0, 1, 0, 0};
constexpr pci::Address kOther{0, 2, 0, 0};
constexpr Duration kWindow = 1h;

/// `minutes` after the boot of which everything here is.
Stamp at(std::int64_t minutes) {
    return Stamp{(1000 + minutes) * 60'000'000, minutes * 60'000'000, "boot"};
}

AttemptReserved reserved(std::uint32_t attempt, const pci::Address& port = kPort) {
    return {port, kRoot, 7, attempt, "slot", true, ""};
}

AttemptEnded well(std::uint32_t attempt) {
    return {kPort, 7, attempt, true, false, "verified"};
}

AttemptEnded failed(std::uint32_t attempt) {
    return {kPort, 7, attempt, false, false, "no answer"};
}

AttemptEnded ambiguous(std::uint32_t attempt) {
    return {kPort, 7, attempt, false, true, "timed out"};
}

/// Rows with one minute between each two, the first at minute 0.
std::vector<Row> rows(std::initializer_list<Entry> entries) {
    std::vector<Row> all;
    for (const Entry& entry : entries) {
        const auto count = static_cast<std::int64_t>(all.size());
        all.push_back({static_cast<std::uint64_t>(count) + 1, at(count), entry});
    }
    return all;
}

std::vector<std::uint64_t> still_needed(const std::vector<Row>& rows, const Stamp& now,
                                        Duration window) {
    Recall recall(now, window);
    for (const Row& row : rows) {
        recall.add(row);
    }
    return recall.needed();
}

TEST(Recall, KnowsNothingOfAnEmptyHistory) {
    EXPECT_EQ(recall({}, at(0), kWindow), Remembered{});
    EXPECT_EQ(still_needed({}, at(0), kWindow), std::vector<std::uint64_t>{});
}

TEST(Recall, CountsEndedAttemptsUntilTheWindowHasPassed) {
    const auto history = rows({reserved(1), well(1), reserved(2), failed(2)});
    const SpentAttempt first{kPort, kRoot, true, 59min};
    const SpentAttempt second{kPort, kRoot, true, 57min};

    EXPECT_EQ(recall(history, at(59), kWindow).spent, (std::vector{first, second}));
    EXPECT_EQ(recall(history, at(60), kWindow).spent,
              (std::vector{SpentAttempt{kPort, kRoot, true, 58min}}));
    EXPECT_EQ(recall(history, at(62), kWindow), Remembered{});
}

TEST(Recall, GivesTheBudgetOfAReleasedSlotBackAndOfNoOther) {
    const auto history = rows({reserved(1), reserved(1, kOther), Quarantined{kPort, "spent"},
                               Held{kPort, {}, "root", "hands off"}, Quarantined{kOther, "spent"},
                               Released{kPort, "root", "replaced"}});

    EXPECT_EQ(recall(history, at(6), kWindow),
              (Remembered{{SpentAttempt{kOther, kRoot, true, 5min}},
                          {},
                          {Quarantined{kOther, "spent"}},
                          {AmbiguousAttempt{reserved(1, kOther), 5min, ""}},
                          {},
                          {}}));
}

TEST(Recall, CountsWhatIsSpentAfterARelease) {
    const auto history = rows({reserved(1), Released{kPort, "root", ""}, reserved(2), well(2)});

    EXPECT_EQ(recall(history, at(5), kWindow).spent,
              (std::vector{SpentAttempt{kPort, kRoot, true, 3min}}));
}

TEST(Recall, HasHoldsThatStillRun) {
    const auto history = rows({Held{kPort, 10min, "uid 0", "swap"}, Held{kOther, {}, "uid 0", ""}});

    EXPECT_EQ(
        recall(history, at(9), kWindow).holds,
        (std::vector<RunningHold>{{kPort, 1min, "uid 0", "swap"}, {kOther, {}, "uid 0", ""}}));
    EXPECT_EQ(recall(history, at(10), kWindow).holds,
              (std::vector<RunningHold>{{kOther, {}, "uid 0", ""}}));
}

TEST(Recall, TakesTheLaterOfTwoHolds) {
    const auto history = rows({Held{kPort, {}, "uid 0", "long"}, Held{kPort, 1min, "uid 1", ""}});

    EXPECT_EQ(recall(history, at(1), kWindow).holds,
              (std::vector<RunningHold>{{kPort, 1min, "uid 1", ""}}));
    EXPECT_EQ(recall(history, at(2), kWindow).holds, std::vector<RunningHold>{});
}

// slotd or the machine stopped in the middle: nobody knows what the attempt did.
TEST(Recall, CallsAReservationWithoutEndAmbiguousForEver) {
    const auto history = rows({reserved(1), failed(1), reserved(2)});

    EXPECT_EQ(recall(history, at(100'000), kWindow),
              (Remembered{{}, {}, {}, {AmbiguousAttempt{reserved(2), 99'998min, ""}}, {}, {}}));
}

TEST(Recall, KeepsAnAmbiguousEndUntilALaterAttemptWentWell) {
    auto history = rows({reserved(1), ambiguous(1)});
    EXPECT_EQ(recall(history, at(2), kWindow).ambiguous,
              (std::vector<AmbiguousAttempt>{{reserved(1), 2min, "timed out"}}));

    history.push_back({3, at(3), reserved(2)});
    history.push_back({4, at(4), failed(2)});
    EXPECT_EQ(recall(history, at(4), kWindow).ambiguous,
              (std::vector<AmbiguousAttempt>{{reserved(1), 4min, "timed out"}}));

    history.push_back({5, at(5), reserved(3)});
    history.push_back({6, at(6), well(3)});
    EXPECT_EQ(recall(history, at(6), kWindow).ambiguous, std::vector<AmbiguousAttempt>{});
}

TEST(Recall, HasTheIncidentOfThisBootThatHasNoEndOrEndedNotWell) {
    auto history = rows({IncidentOpened{7, kPort, "1", "fatal error"}});
    EXPECT_EQ(recall(history, at(1), kWindow).ill,
              (std::vector<IllIncident>{{kPort, 7, "fatal error", false, false}}));

    history.push_back({2, at(2), IncidentClosed{7, kPort, false, "gave up", true}});
    EXPECT_EQ(recall(history, at(2), kWindow).ill,
              (std::vector<IllIncident>{{kPort, 7, "gave up", true, true}}));
    const Stamp rebooted{at(3).realtime_us, 1'000'000, "another boot"};
    EXPECT_EQ(recall(history, rebooted, kWindow), Remembered{});
}

TEST(Recall, ForgetsAnIllIncidentWhenTheSlotIsWellOrReleased) {
    const IncidentClosed ill{7, kPort, false, "gave up", false};
    for (const Entry& end : std::vector<Entry>{IncidentClosed{7, kPort, true, "well again", false},
                                               well(1), Released{kPort, "root", ""}}) {
        EXPECT_EQ(recall(rows({ill, end}), at(2), kWindow).ill, std::vector<IllIncident>{})
            << name_of(end);
    }
}

TEST(Recall, IgnoresEndsWithoutBeginning) {
    EXPECT_EQ(
        recall(rows({failed(4), ambiguous(5), well(6), Released{kOther, "", ""}}), at(9), kWindow),
        Remembered{});
}

TEST(Recall, KnowsNoBudgetAfterALoss) {
    const auto history =
        rows({Released{kPort, "", "before"}, HistoryLost{"damaged"}, Released{kOther, "", ""}});

    EXPECT_EQ(recall(history, at(2), kWindow).unknown_budget,
              (UnknownBudget{"damaged", 59min, {kOther}}));
    EXPECT_EQ(recall(history, at(60), kWindow).unknown_budget,
              (UnknownBudget{"damaged", 1min, {kOther}}));
    EXPECT_EQ(recall(history, at(61), kWindow), Remembered{});
}

TEST(Recall, StartsTheWindowAnewAtASecondLoss) {
    const auto history =
        rows({HistoryLost{"first"}, Released{kPort, "", ""}, HistoryLost{"second"}});

    EXPECT_EQ(recall(history, at(2), kWindow).unknown_budget, (UnknownBudget{"second", 60min, {}}));
}

// At boot the clock of some machines says 1970 until it is set: such a reservation is not 50 years
// old.
TEST(Recall, TakesNoRowForOlderThanOneBeforeIt) {
    const Stamp before{1'000'000'000, 1'000'000'000, "a"};
    const Stamp unset{5'000'000, 5'000'000, "b"};
    const Stamp now{1'060'000'000, 1'000'000, "c"};
    const std::vector<Row> history{{1, before, IncidentOpened{7, kPort, "", ""}},
                                   {2, unset, reserved(1)}};

    EXPECT_EQ(recall(history, now, kWindow).spent,
              (std::vector{SpentAttempt{kPort, kRoot, true, 60s}}));
}

TEST(StillNeeded, IsWhatHoldsNow) {
    const auto history = rows({
        reserved(1),                       // 1: before the release
        Released{kPort, "", ""},           // 2: nothing lost before it
        Held{kPort, {}, "", "replaced"},   // 3
        Held{kPort, {}, "", ""},           // 4: needed
        reserved(2),                       // 5: needed within the window
        well(2),                           // 6: needed with it
        HistoryLost{""},                   // 7: needed within the window
        Released{kOther, "", ""},          // 8: needed with it
        IncidentOpened{7, kPort, "", ""},  // 9: needed, it has no end
        Quarantined{kPort, ""},            // 10: needed
        reserved(3), ambiguous(3),         // 11, 12: needed
    });

    EXPECT_EQ(still_needed(history, at(12), kWindow),
              (std::vector<std::uint64_t>{4, 5, 6, 7, 8, 9, 10, 11, 12}));
    EXPECT_EQ(still_needed(history, at(1000), kWindow),
              (std::vector<std::uint64_t>{4, 9, 10, 11, 12}));
}

/// A history of anything in any order, over four boots.
std::vector<Row> any_history(std::mt19937& chance) {
    const auto below = [&](int most) { return std::uniform_int_distribution(0, most - 1)(chance); };
    std::vector<Row> all;
    std::int64_t time = 0;
    for (std::uint64_t seq = 1; seq <= 40; ++seq) {
        const pci::Address port = below(2) == 0 ? kPort : kOther;
        const auto attempt = static_cast<std::uint32_t>(below(6));
        const std::vector<Entry> entries{
            AttemptReserved{port, kRoot, 7, attempt, "slot", below(2) == 0, ""},
            AttemptEnded{port, 7, attempt, below(4) == 0, below(2) == 0, "so"},
            Held{port, below(2) == 0 ? std::nullopt : std::optional<Duration>(90min), "", ""},
            Released{port, "", ""},
            Quarantined{port, ""},
            HistoryLost{""},
            IncidentOpened{7, port, "", "so"},
            IncidentClosed{7, port, below(2) == 0, "", false}};
        time += below(450) * 1'000'000LL;
        const Stamp stamp{time, time, std::string(1, static_cast<char>('a' + (seq - 1) / 10))};
        all.push_back({seq, stamp, entries[static_cast<std::size_t>(below(8))]});
    }
    return all;
}

// Pruning keeps what this says, so nothing that counts may hang on another row.
TEST(StillNeeded, SaysAllThatRecallNeeds) {
    std::mt19937 chance(4711);
    for (int round = 0; round < 500; ++round) {
        const auto history = any_history(chance);
        const Stamp now{9'000'000'000, 9'000'000'000, "d"};
        const auto needed = still_needed(history, now, kWindow);
        std::vector<Row> rest;
        std::ranges::copy_if(history, std::back_inserter(rest), [&](const Row& row) {
            return std::ranges::binary_search(needed, row.seq);
        });

        ASSERT_EQ(recall(rest, now, kWindow), recall(history, now, kWindow)) << "round " << round;
        ASSERT_EQ(still_needed(rest, now, kWindow), needed) << "round " << round;
    }
}

}  // namespace
}  // namespace slotd::history
