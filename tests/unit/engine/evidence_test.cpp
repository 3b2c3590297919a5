// What the engine writes with its lines about what they follow from.
#include "evidence/evidence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "evidence/decode.hpp"
#include "evidence/encode.hpp"
#include "policy/level.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd::engine {
namespace {

using fakes::at;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;
constexpr const char* kPort = "0000:00:02.0";
constexpr const char* kCard = "0000:01:00.0";

evidence::Evidence evidence_of(const action::Record& record) {
    const auto read = evidence::decode(record.event);
    EXPECT_TRUE(read) << record.text << ": " << record.event;
    return read.value_or(evidence::Evidence{});
}

/// The effects and kernel events of a line, as words.
std::vector<std::string> earlier(const evidence::Evidence& evidence) {
    std::vector<std::string> words;
    for (const evidence::Earlier& one : evidence.earlier) {
        const auto* const ended = std::get_if<evidence::EffectEnded>(&one.fact);
        words.push_back(ended != nullptr ? action::to_string(ended->effect) : "kernel event");
    }
    return words;
}

TEST(EngineEvidence, EveryLineSaysWhatItFollowsFrom) {
    RunningEngine running(machine_with_one_slot(), policy::Level::Fence, true);
    running.finish_effects();
    const std::size_t before = running.machine.records.size();

    running.say(event::ErrorReported{at(kCard), event::Severity::Fatal, 0});
    running.say(event::RecoveryReported{at(kCard), event::RecoveryReport::Began});
    running.say(event::RecoveryReported{at(kCard), event::RecoveryReport::Failed});
    running.pass(std::chrono::minutes(10));

    ASSERT_GT(running.machine.records.size(), before + 5);
    std::vector<std::string> effects;
    for (std::size_t index = 0; index < running.machine.records.size(); ++index) {
        const evidence::Evidence one = evidence_of(running.machine.records[index]);
        EXPECT_LE(running.machine.records[index].event.size(), evidence::kBytesMax);
        if (const auto* const ended = std::get_if<evidence::EffectEnded>(&one.cause)) {
            effects.push_back(action::to_string(ended->effect));
        }
        for (const std::string& word : earlier(one)) {
            effects.push_back(word);
        }
    }
    // A reset that led to no line of its own stands in the one after it.
    EXPECT_NE(std::ranges::find(effects, "survey use below 0000:00:02.0"), effects.end());
    EXPECT_NE(std::ranges::find(effects, "power off slot of 0000:00:02.0"), effects.end());
}

TEST(EngineEvidence, TheLineOfAPortBringsItsTraits) {
    RunningEngine running(machine_with_one_slot(), policy::Level::Fence, true);

    const action::Record& first = running.machine.records.front();

    EXPECT_EQ(first.kind, action::RecordKind::SlotsChanged);
    const auto cause = evidence_of(first).cause;
    EXPECT_EQ(std::get<evidence::PortSeen>(cause).port,
              *running.engine.coordinator().topology().find(at(kPort)));
}

TEST(EngineEvidence, TheLinesOfOneInputHaveOneNumber) {
    RunningEngine running(machine_with_one_slot(), policy::Level::Fence, false);
    running.finish_effects();
    const std::size_t before = running.machine.records.size();

    running.say(event::RecoveryReported{at(kCard), event::RecoveryReport::Began});

    ASSERT_GE(running.machine.records.size(), before + 2);  // opened, and the phase
    const evidence::Evidence opened = evidence_of(running.machine.records[before]);
    const evidence::Evidence phase = evidence_of(running.machine.records[before + 1]);
    EXPECT_EQ(opened.cause, phase.cause);
    EXPECT_EQ(opened.input, phase.input);
    EXPECT_EQ(opened.cause, evidence::Cause(event::KernelEvent(
                                event::RecoveryReported{at(kCard), event::RecoveryReport::Began})));
}

TEST(EngineEvidence, WhatMadeNoLineStandsInTheNextOne) {
    RunningEngine running(machine_with_one_slot(), policy::Level::Fence, false);
    running.finish_effects();
    running.machine.records.clear();

    for (int count = 0; count < 1000; ++count) {
        running.say(event::ErrorReported{at(kCard), event::Severity::Corrected, 0});
    }
    EXPECT_EQ(running.machine.records, std::vector<action::Record>{});
    running.say(event::RecoveryReported{at(kCard), event::RecoveryReport::Began});

    ASSERT_FALSE(running.machine.records.empty());
    EXPECT_EQ(evidence_of(running.machine.records.front()).earlier,
              (std::vector<evidence::Earlier>{{running.now,
                                               event::KernelEvent(event::ErrorReported{
                                                   at(kCard), event::Severity::Corrected, 0}),
                                               1000}}));
}

/// The fields that docs/journal.md promises for a kind of line.
std::string promised(const std::string& page, const std::string& kind) {
    const std::size_t section = page.find("### " + kind + "\n");
    const std::size_t begin = page.find("| always |", section);
    return section == std::string::npos ? "no such section"
                                        : page.substr(begin, page.find('\n', begin) - begin);
}

TEST(EngineEvidence, EveryLineHasTheFieldsThatTheJournalsPagePromises) {
    std::ifstream file(std::string(SLOTD_SOURCE_DIR) + "/docs/journal.md");
    const std::string page(std::istreambuf_iterator<char>(file), {});
    RunningEngine running(machine_with_one_slot(), policy::Level::Fence, true);
    running.finish_effects();
    running.say(event::EventsMissed{"12 uevents"});
    running.say(event::RecoveryReported{at(kCard), event::RecoveryReport::Failed});
    running.pass(std::chrono::minutes(1));
    (void)running.ask(kPort, event::ResetMethod::Slot);
    running.pass(std::chrono::minutes(1));
    running.engine.hold({9, at(kPort), std::nullopt, {}}, running.now);
    (void)running.ask(kPort, event::ResetMethod::Slot);
    running.engine.release({10, at(kPort), {}}, running.now);
    running.pass(std::chrono::minutes(1));

    std::set<action::RecordKind> kinds;
    for (const action::Record& record : running.machine.records) {
        kinds.insert(record.kind);
        const std::string fields = promised(page, action::to_text(record.kind));
        ASSERT_NE(fields, "no such section");
        EXPECT_EQ(fields.contains("SLOTD_PORT") && !record.port, false) << record.text;
        EXPECT_EQ(fields.contains("SLOTD_PHASE") && record.phase.empty(), false) << record.text;
        EXPECT_EQ(fields.contains("SLOTD_INCIDENT") && record.incident == 0, false) << record.text;
    }
    EXPECT_GE(kinds.size(), 7);
}

TEST(EngineEvidence, ARequestIsNamedWithWhoAsked) {
    RunningEngine running(machine_with_one_slot(), policy::Level::Fence, false);
    running.finish_effects();
    running.machine.records.clear();

    (void)running.ask(kPort, event::ResetMethod::Slot);

    ASSERT_FALSE(running.machine.records.empty());
    const evidence::Evidence one = evidence_of(running.machine.records.front());
    EXPECT_EQ(std::get<event::ResetRequested>(one.cause).requester.reason, "test");
}

}  // namespace
}  // namespace slotd::engine
