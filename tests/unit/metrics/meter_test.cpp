#include "metrics/meter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "pci/address.hpp"

namespace slotd::metrics {
namespace {

using namespace std::chrono_literals;
using event::OutcomeKind;

constexpr pci::Address kPort{0, 0, 2, 0};
constexpr pci::Address kOther{0, 0, 3, 0};
constexpr auto kFatal = static_cast<std::size_t>(Cause::FatalError);

event::Outcome as(OutcomeKind kind, const std::string& context = "") {
    return {kind, 0, context, std::nullopt};
}

history::IncidentOpened opened(std::uint64_t incident) {
    return {incident, kPort, "5", "fatal error of 0000:01:00.0"};
}

history::IncidentClosed closed(std::uint64_t incident, bool well, const std::string& how = "") {
    return {incident, kPort, well, how, false};
}

history::AttemptReserved reserved(const pci::Address& port, std::uint32_t attempt,
                                  const std::string& step, bool automatic) {
    return {port, kPort, 1, attempt, step, automatic, ""};
}

struct Counting : testing::Test {
    Meter meter;
    Instant now{};
};

TEST_F(Counting, AnIncidentCountsWhenItEndsWithTheTimeItTook) {
    meter.remembered(opened(1), now);
    EXPECT_EQ(meter.incidents.at(kFatal).counts, (std::array<std::uint64_t, 3>{0, 0, 0}));

    meter.remembered(closed(1, true), now + 1700ms);

    EXPECT_EQ(meter.incidents.at(kFatal).counts, (std::array<std::uint64_t, 3>{1, 0, 0}));
    EXPECT_EQ(meter.recovery_seconds.at(kFatal).sum(), 1.7);
    EXPECT_EQ(meter.recovery_seconds.at(kFatal).counts()[4], 1U) << "up to 2 s";
}

TEST_F(Counting, OnlyWhatRecoveredHasATime) {
    meter.remembered(opened(1), now);
    meter.remembered(closed(1, false, "no step is left"), now + 60s);
    meter.remembered(opened(2), now);
    meter.remembered(closed(2, true, "refused, nothing was touched: in use"), now + 1s);

    EXPECT_EQ(meter.incidents.at(kFatal).counts, (std::array<std::uint64_t, 3>{0, 1, 1}));
    EXPECT_EQ(meter.recovery_seconds.at(kFatal).sum(), 0);
}

// Of one that had not ended well the history hears again once the slot is well; and one of before
// slotd's start has no beginning here.
TEST_F(Counting, AnIncidentCountsOnce) {
    meter.remembered(opened(1), now);
    meter.remembered(closed(1, false), now);
    meter.remembered(closed(1, true), now + 1h);
    meter.remembered(closed(77, true), now);

    EXPECT_EQ(meter.incidents.at(kFatal).counts, (std::array<std::uint64_t, 3>{0, 0, 1}));
}

TEST_F(Counting, AttemptsCountByStepAndByWhoseTheyWere) {
    meter.remembered(reserved(kPort, 1, "slot", true), now);
    meter.remembered(reserved(kOther, 1, "reenumerate", false), now);
    meter.remembered(history::AttemptEnded{kPort, 1, 1, false, false, "did not help"}, now);
    meter.remembered(history::AttemptEnded{kOther, 1, 1, true, false, ""}, now);

    EXPECT_EQ(meter.attempts.at(1).at(0).of(AttemptOutcome::Failed), 1U);
    EXPECT_EQ(meter.attempts.at(4).at(1).of(AttemptOutcome::Succeeded), 1U);
}

TEST_F(Counting, AnEndWithoutItsAttemptAndAStepWithoutANameCountNowhere) {
    meter.remembered(reserved(kPort, 2, "slot", true), now);
    meter.remembered(history::AttemptEnded{kPort, 1, 1, true, false, ""}, now);
    meter.remembered(history::AttemptEnded{kOther, 1, 2, true, false, ""}, now);
    meter.remembered(reserved(kOther, 1, "of another version", true), now);
    meter.remembered(history::AttemptEnded{kOther, 1, 1, true, false, ""}, now);

    for (const auto& step : meter.attempts) {
        for (const auto& by : step) {
            EXPECT_EQ(by.counts, (std::array<std::uint64_t, 4>{}));
        }
    }
}

TEST_F(Counting, WhatTheKernelSays) {
    meter.kernel_said(event::ErrorReported{kPort, event::Severity::Corrected, 0}, Source::Trace);
    meter.kernel_said(event::ErrorReported{kPort, event::Severity::Fatal, 0}, Source::Trace);
    meter.kernel_said(event::RecoveryReported{kPort, event::RecoveryReport::Failed},
                      Source::Uevents);
    meter.kernel_said(event::EventsMissed{"12 uevents"}, Source::Uevents);
    meter.kernel_said(event::ServicesChanged{kPort}, Source::Uevents);

    EXPECT_EQ(meter.kernel_errors.counts, (std::array<std::uint64_t, 3>{1, 0, 1}));
    EXPECT_EQ(meter.kernel_recoveries.counts, (std::array<std::uint64_t, 3>{0, 0, 1}));
    EXPECT_EQ(meter.missed_events.counts, (std::array<std::uint64_t, 2>{1, 0}));
}

TEST_F(Counting, AWorkerIsWedgedUntilItComesBack) {
    meter.effect_started(1, action::ObserveSlot{kPort}, now);
    meter.effect_ended(1, as(OutcomeKind::TimedOut), now);
    EXPECT_EQ(meter.wedged_workers(), 1U);

    meter.effect_ended(1, as(OutcomeKind::Done), now);

    EXPECT_EQ(meter.wedged_workers(), 0U);
    EXPECT_EQ(meter.effects.of(OutcomeKind::TimedOut), 1U);
    EXPECT_EQ(meter.effects.of(OutcomeKind::Done), 0U) << "an effect counts once";
}

TEST_F(Counting, AnotherSlotdExecHasNoWorkersYet) {
    meter.effect_ended(1, as(OutcomeKind::TimedOut), now);
    meter.executor_restarted(now);

    EXPECT_EQ(meter.wedged_workers(), 0U);
    EXPECT_EQ(meter.executor_restarts, 1U);
}

TEST_F(Counting, HooksAgreeObjectOrAreSilent) {
    const auto asked = [&](event::EffectId id, const event::Outcome& outcome) {
        meter.effect_started(id, action::AskHooks{kPort}, now);
        meter.effect_ended(id, outcome, now);
    };
    asked(1, as(OutcomeKind::Done));
    asked(2, as(OutcomeKind::Refused, "hook multipath: the last path"));
    asked(3, as(OutcomeKind::Refused, "hook fleet: no answer within 5000 ms"));

    EXPECT_EQ(meter.hook_inquiries, (std::array<std::uint64_t, 3>{1, 1, 1}));
    EXPECT_EQ(meter.effects.of(OutcomeKind::Done), 0U) << "nothing that slotd-exec did";
}

TEST_F(Counting, TheHistoryIsUsableFromItsOpeningToItsFailure) {
    EXPECT_FALSE(meter.history_usable);
    meter.history_said(history::Opened{});
    EXPECT_TRUE(meter.history_usable);
    meter.history_said(history::Dropped{3});
    meter.history_said(history::Unusable{"the disk is full"});

    EXPECT_FALSE(meter.history_usable);
    EXPECT_EQ(meter.history_dropped, 3U);
}

TEST_F(Counting, RequestsAndRecordsByTheirWord) {
    meter.answered("in-use");
    meter.answered("planned");
    action::Record record;
    record.kind = action::RecordKind::OverlapSeen;
    meter.told(record);

    EXPECT_EQ(meter.requests, (std::array<std::uint64_t, 11>{0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0}));
    EXPECT_EQ(meter.records.of(action::RecordKind::OverlapSeen), 1U);
}

}  // namespace
}  // namespace slotd::metrics
