// Histories that an engine on a fake machine wrote, played under other configurations.
#include "replay/replay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "coordinator/coordinator.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "evidence/decode.hpp"
#include "evidence/journal_line.hpp"
#include "policy/level.hpp"
#include "replay/replay_text.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd::replay {
namespace {

using namespace std::chrono_literals;
using evidence::JournalLine;
using fakes::at;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;

constexpr const char* kPort = "0000:00:02.0";
constexpr const char* kCard = "0000:01:00.0";
constexpr std::int64_t kWallUs = 1'764'172'800'000'000;

std::vector<JournalLine> lines_of(const RunningEngine& running) {
    std::vector<JournalLine> lines;
    for (const action::Record& record : running.machine.records) {
        JournalLine line;
        line.boot = "boot";
        line.run = "run";
        line.record = record;
        line.evidence = evidence::decode(record.event).value();
        line.record.event.clear();
        line.wall_us = kWallUs + std::chrono::duration_cast<std::chrono::microseconds>(
                                     line.evidence->at.time_since_epoch())
                                     .count();
        lines.push_back(std::move(line));
    }
    return lines;
}

/// A recovery that the kernel gave up, five minutes after the start.
std::vector<JournalLine> failed_recovery(bool automatic_action) {
    RunningEngine running(machine_with_one_slot(), policy::Level::Fence, automatic_action);
    running.pass(5min);
    running.say(event::RecoveryReported{at(kCard), event::RecoveryReport::Began});
    running.pass(100ms);
    running.say(event::RecoveryReported{at(kCard), event::RecoveryReport::Failed});
    running.pass(5min);
    return lines_of(running);
}

coordinator::Settings settings(bool automatic_action) {
    return RunningEngine::settings(policy::Level::Fence, automatic_action);
}

TEST(Replay, WithTheSameConfigurationTheSameComesOutAndNothingIsAssumed) {
    for (const bool automatic_action : {false, true}) {
        const Report report = replay(failed_recovery(automatic_action), settings(automatic_action));

        ASSERT_EQ(report.incidents.size(), 1) << automatic_action;
        const Compared& one = report.incidents.front();
        EXPECT_TRUE(one.same) << replay_text(report, {}, {});
        EXPECT_EQ(one.did->steps, one.would->steps);
        EXPECT_EQ(one.did->end, one.would->end);
        EXPECT_EQ(one.did->phases.back(), one.would->phases.back());
    }
}

TEST(Replay, WithAutomaticActionTheStepsAreNamedAndWhatTheyDoIsAssumed) {
    const Report report = replay(failed_recovery(false), settings(true));

    ASSERT_EQ(report.incidents.size(), 1);
    const Compared& one = report.incidents.front();
    EXPECT_FALSE(one.same);
    EXPECT_EQ(one.did->steps, std::vector<std::string>{});
    EXPECT_FALSE(one.did->refusals.empty());
    EXPECT_EQ(one.would->steps, (std::vector<std::string>{"power off slot of 0000:00:02.0",
                                                          "power on slot of 0000:00:02.0"}));
    EXPECT_NE(one.would->end.find("recovered and verified"), std::string::npos) << one.would->end;
    EXPECT_NE(std::ranges::find(one.assumed, "nobody uses the card"), one.assumed.end());
    EXPECT_NE(std::ranges::find(one.assumed,
                                "power off slot of 0000:00:02.0 works, and the card "
                                "is well after it"),
              one.assumed.end());
}

TEST(Replay, WithoutAutomaticActionNothingIsDoneAndItsEchoIsNotHeard) {
    const Report report = replay(failed_recovery(true), settings(false));

    ASSERT_EQ(report.incidents.size(), 1) << replay_text(report, {}, {});
    const Compared& one = report.incidents.front();
    EXPECT_FALSE(one.same);
    EXPECT_EQ(one.did->steps.size(), 2);
    EXPECT_EQ(one.would->steps, std::vector<std::string>{});
    EXPECT_TRUE(std::ranges::any_of(one.would->refusals, [](const std::string& refusal) {
        return refusal.find("automatic_action is off") != std::string::npos;
    })) << replay_text(report, {}, {});
}

TEST(Replay, ASpentBudgetIsSpentThereToo) {
    RunningEngine running(machine_with_one_slot(), policy::Level::Fence, true);
    running.pass(1min);
    for (int failure = 0; failure < 3; ++failure) {
        running.say(event::RecoveryReported{at(kCard), event::RecoveryReport::Failed});
        running.pass(5min);
    }
    coordinator::Settings tight = settings(true);
    tight.limits.budget = 1;

    const Report report = replay(lines_of(running), tight);

    ASSERT_EQ(report.incidents.size(), 3);
    EXPECT_TRUE(report.incidents[0].same);
    EXPECT_FALSE(report.incidents[1].same);
    EXPECT_EQ(report.incidents[1].would->steps, std::vector<std::string>{});
    EXPECT_EQ(report.incidents[1].would->phases.back(), "quarantined");
}

TEST(Replay, WhatAnOperatorAskedForIsAskedAgain) {
    RunningEngine running(machine_with_one_slot(), policy::Level::Fence, false);
    running.pass(1min);
    (void)running.ask(kPort, event::ResetMethod::Slot);
    running.pass(5min);

    const Report report = replay(lines_of(running), settings(false));

    ASSERT_EQ(report.incidents.size(), 1);
    EXPECT_TRUE(report.incidents.front().same) << replay_text(report, {}, {});
    EXPECT_FALSE(report.incidents.front().would->steps.empty());
}

TEST(Replay, OfLinesWithoutEvidenceThereIsNothingToPlayAndThatIsSaid) {
    std::vector<JournalLine> lines = failed_recovery(true);
    for (JournalLine& line : lines) {
        line.evidence.reset();
    }

    const Report report = replay(lines, settings(true));

    EXPECT_EQ(report.runs, 0);
    EXPECT_EQ(report.incidents, std::vector<Compared>{});
    ASSERT_EQ(report.notes.size(), 1);
    EXPECT_NE(report.notes.front().find("are left out"), std::string::npos);
    EXPECT_EQ(replay({}, settings(true)), Report{});
}

TEST(Replay, ARunWhoseBeginningIsMissingIsLeftOut) {
    std::vector<JournalLine> lines = failed_recovery(true);
    lines.erase(lines.begin(), std::ranges::find_if(lines, [](const JournalLine& line) {
                    return line.record.incident != 0;
                }));

    EXPECT_EQ(replay(lines, settings(true)).runs, 0);
}

// Lines that were lost, repeated, swapped or written by somebody else must not hang or crash it.
TEST(Replay, OfAnyLinesComesToAnEnd) {
    const std::vector<JournalLine> whole = failed_recovery(true);
    for (std::uint32_t seed = 1; seed <= 100; ++seed) {
        std::mt19937 random(seed);
        std::vector<JournalLine> lines;
        for (const JournalLine& line : whole) {
            for (auto copies = random() % 3; copies > 0; --copies) {
                lines.push_back(line);
            }
        }
        std::shuffle(lines.begin(), lines.end(), random);
        for (JournalLine& line : lines) {
            line.run = random() % 4 == 0 ? "other" : line.run;
            if (random() % 4 == 0) {
                line.evidence->at += std::chrono::hours(static_cast<int>(random() % 100'000));
            }
        }

        (void)replay(lines, settings(seed % 2 == 0));
    }
}

TEST(Replay, SaysForPeopleAndProgramsWhereTheyPart) {
    const Report report = replay(failed_recovery(false), settings(true));

    const std::string text = replay_text(report, {}, {});
    EXPECT_TRUE(text.starts_with("DIFFERENT 0000:00:02.0 (slot 1) at 2025-11-26 16:0")) << text;
    EXPECT_NE(text.find("\n  unknown  assumed: nobody uses the card\n"), std::string::npos) << text;
    EXPECT_NE(text.find("1 incidents in 1 runs of slotd, 1 would have gone another way\n"),
              std::string::npos)
        << text;
    EXPECT_NE(replay_json(report).find(R"("same":false)"), std::string::npos);
}

}  // namespace
}  // namespace slotd::replay
