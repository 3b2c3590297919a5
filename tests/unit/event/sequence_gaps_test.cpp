#include "event/sequence_gaps.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>

#include "base/time.hpp"
#include "event/kernel_event.hpp"

namespace slotd::event {
namespace {

using namespace std::chrono_literals;

constexpr Instant t0 = Instant{} + 1h;
using Missed = std::optional<EventsMissed>;

SequenceGaps after_numbers(std::initializer_list<std::uint64_t> numbers) {
    SequenceGaps gaps;
    for (const std::uint64_t number : numbers) {
        gaps.arrived(number, t0);
    }
    return gaps;
}

TEST(SequenceGaps, SaysNothingWhileTheNumbersFollowEachOther) {
    SequenceGaps gaps = after_numbers({4711, 4712, 4713});

    EXPECT_EQ(gaps.next_deadline(), kNever);
    EXPECT_EQ(gaps.judge(t0 + 1h), std::nullopt);
}

TEST(SequenceGaps, NamesAHoleOnceItsTimeToCloseIsOver) {
    SequenceGaps gaps = after_numbers({10, 15});

    EXPECT_EQ(gaps.next_deadline(), t0 + SequenceGaps::kGrace);
    EXPECT_EQ(gaps.judge(t0 + SequenceGaps::kGrace - 1ns), std::nullopt);
    EXPECT_EQ(gaps.judge(t0 + SequenceGaps::kGrace),
              Missed(EventsMissed{"4 uevents (SEQNUM 11 to 14), not lost by this socket"}));
    EXPECT_EQ(gaps.next_deadline(), kNever);
    EXPECT_EQ(gaps.judge(t0 + 1h), std::nullopt);
}

// Two CPUs may send in the other order than they took their numbers.
TEST(SequenceGaps, TakesAMessageThatWasOvertakenForNoLoss) {
    SequenceGaps gaps = after_numbers({10, 12, 11, 13});

    EXPECT_EQ(gaps.next_deadline(), kNever);
    EXPECT_EQ(gaps.judge(t0 + 1h), std::nullopt);
}

TEST(SequenceGaps, NamesOnlyTheRestOfAHoleThatPartlyCloses) {
    SequenceGaps gaps = after_numbers({10, 15, 12, 11, 14});

    EXPECT_EQ(gaps.judge(t0 + 1s),
              Missed(EventsMissed{"1 uevent (SEQNUM 13 to 13), not lost by this socket"}));
}

TEST(SequenceGaps, IgnoresNumbersThatComeTwice) {
    SequenceGaps gaps = after_numbers({10, 11, 11, 10, 12});

    EXPECT_EQ(gaps.next_deadline(), kNever);
}

// On a host with containers every new veth of another namespace is a hole.
TEST(SequenceGaps, CollectsFurtherHolesUntilTheQuietTimeIsOver) {
    SequenceGaps gaps = after_numbers({10, 12});
    ASSERT_TRUE(gaps.judge(t0 + 1s));
    const Instant quiet_end = t0 + 1s + SequenceGaps::kQuiet;

    gaps.arrived(14, t0 + 2s);
    gaps.arrived(17, t0 + 3s);

    EXPECT_EQ(gaps.judge(t0 + 5s), std::nullopt);
    EXPECT_EQ(gaps.next_deadline(), quiet_end);
    EXPECT_EQ(gaps.judge(quiet_end),
              Missed(EventsMissed{"3 uevents (SEQNUM 13 to 16), not lost by this socket"}));
}

TEST(SequenceGaps, SaysNothingAboutHolesOfALossThatWasReported) {
    SequenceGaps gaps = after_numbers({10});

    gaps.loss_reported();
    gaps.arrived(20, t0);
    gaps.queue_empty();
    gaps.arrived(30, t0);  // what was dropped last shows only now

    EXPECT_EQ(gaps.next_deadline(), kNever);
    gaps.arrived(32, t0);
    EXPECT_EQ(gaps.next_deadline(), t0 + SequenceGaps::kGrace);
}

TEST(SequenceGaps, ForgetsOpenHolesWhenALossIsReported) {
    SequenceGaps gaps = after_numbers({10, 12});

    gaps.loss_reported();

    EXPECT_EQ(gaps.judge(t0 + 1h), std::nullopt);
}

TEST(SequenceGaps, AnEmptyQueueAloneForgetsNothing) {
    SequenceGaps gaps = after_numbers({10});

    gaps.queue_empty();
    gaps.arrived(12, t0);

    EXPECT_EQ(gaps.next_deadline(), t0 + SequenceGaps::kGrace);
}

TEST(SequenceGaps, CountsEveryHoleEvenAboveTheLimitOfOpenOnes) {
    SequenceGaps gaps;
    const std::uint64_t holes = SequenceGaps::kHolesMax + 10;
    for (std::uint64_t number = 1; number <= 2 * holes + 1; number += 2) {
        gaps.arrived(number, t0);
    }

    EXPECT_EQ(gaps.judge(t0 + 1s),
              Missed(EventsMissed{"74 uevents (SEQNUM 2 to 148), not lost by this socket"}));
}

TEST(SequenceGaps, SplitsAHoleAtTheLimitWithoutLosingANumber) {
    SequenceGaps gaps;
    gaps.arrived(1, t0);
    for (std::uint64_t hole = 1; hole <= SequenceGaps::kHolesMax; ++hole) {
        gaps.arrived(1 + hole * 4, t0);  // three numbers are missing each time
    }

    gaps.arrived(3, t0);  // the middle one of the first hole

    EXPECT_EQ(gaps.judge(t0 + 1s),
              Missed(EventsMissed{"191 uevents (SEQNUM 2 to 256), not lost by this socket"}));
}

TEST(SequenceGaps, IgnoresNumbersTheKernelNeverGives) {
    SequenceGaps gaps = after_numbers({10});

    gaps.arrived(0, t0);
    gaps.arrived(std::numeric_limits<std::uint64_t>::max(), t0);
    gaps.arrived(11, t0);

    EXPECT_EQ(gaps.next_deadline(), kNever);
}

}  // namespace
}  // namespace slotd::event
