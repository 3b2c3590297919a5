// At level exclusive slots at rest are sampled all at once, and looked at where a sample differs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "engine/sampler.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/address.hpp"
#include "policy/level.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using engine::Sampler;
using event::Outcome;
using event::OutcomeKind;
using event::PortSample;
using fakes::at;
using fakes::RunningEngine;
using policy::Level;
using Addresses = std::vector<pci::Address>;

const pci::Address kFirst = at("0000:00:02.0");
const pci::Address kSecond = at("0000:00:03.0");
const pci::Address kThird = at("0000:03:00.0");
const Addresses kAll{kFirst, kSecond, kThird};

Outcome differs(const pci::Address& port, std::uint64_t digest) {
    Outcome outcome;
    outcome.samples = {{port, digest}};
    return outcome;
}

struct Sampling : testing::Test {
    RunningEngine world{fakes::machine_with_nested_slots(), Level::Exclusive, false};

    Sampling() { world.pass(5s); }

    /// Moves the clock to where the next sample is asked for.
    void ask() {
        while (!world.machine.sampling) {
            world.now = world.engine.next_deadline();
            world.engine.time_passed(world.now);
        }
    }

    void answer(const Outcome& outcome) {
        const auto asked = world.machine.finish_sample();
        ASSERT_TRUE(asked.has_value());
        world.engine.sampled(asked->first, outcome, world.now);
    }

    /// The ports that are being looked at.
    Addresses looks() const {
        Addresses ports;
        for (const auto& [id, effect] : world.machine.started) {
            ports.push_back(action::subject(effect));
        }
        return ports;
    }
};

TEST_F(Sampling, AsksForAllSlotsAtRestAtOnceWithWhatWasSeenLast) {
    ask();
    ASSERT_EQ(world.machine.sampling->second.size(), 3U);
    for (const PortSample& one : world.machine.sampling->second) {
        EXPECT_NE(one.digest, 0U) << one.port.to_string();
    }
    answer({});
    EXPECT_EQ(looks(), Addresses{});
    EXPECT_EQ(world.engine.next_deadline(), world.now + 500ms);
}

TEST_F(Sampling, LooksWhereASampleDiffersAndNowhereElse) {
    ask();
    answer(differs(kSecond, 77));
    EXPECT_EQ(looks(), Addresses{kSecond});

    world.finish_effects();
    ask();
    EXPECT_THAT(world.machine.sampling->second, testing::Contains(PortSample{kSecond, 77}));
}

TEST_F(Sampling, LooksAtEachWhereNoneCouldBeTakenAndSaysSoOnce) {
    world.machine.records.clear();
    for (int time = 0; time < 3; ++time) {
        ask();
        answer({OutcomeKind::Failed, EMFILE, "open config", std::nullopt});
        EXPECT_EQ(looks(), kAll);
        EXPECT_EQ(world.engine.next_deadline(), world.now + Sampler::kAfterProblem);
        world.finish_effects();
    }
    ASSERT_EQ(world.machine.records.size(), 1U);
    EXPECT_EQ(
        world.machine.records.front().text,
        "cannot sample the slots at rest, looking at each: failed: open config: Too many open "
        "files");
}

TEST_F(Sampling, LooksAtEachWhereTheAnswerIsOverdueAndTakesItForNothingWhenItComes) {
    ask();
    const auto asked = world.machine.finish_sample();
    world.now += Sampler::kPatience;
    world.engine.time_passed(world.now);
    EXPECT_EQ(looks(), kAll);

    world.engine.sampled(asked->first, differs(kFirst, 78), world.now);
    EXPECT_EQ(looks(), kAll) << "each of them once";
}

TEST_F(Sampling, LeavesOutWhatIsBeingLookedAtSoThatOneThatHangsHangsAlone) {
    ask();
    answer(differs(kFirst, 79));
    ASSERT_EQ(looks(), Addresses{kFirst});

    ask();
    Addresses asked;
    for (const PortSample& one : world.machine.sampling->second) {
        asked.push_back(one.port);
    }
    EXPECT_EQ(asked, (Addresses{kSecond, kThird}));
}

TEST_F(Sampling, BeginsAnewWithASlotExecThatWasStartedAnew) {
    ask();
    const auto asked = world.machine.finish_sample();
    world.engine.executor_restarted(world.now);
    world.engine.sampled(asked->first, differs(kFirst, 80), world.now);
    world.pass(5s);
    ask();

    EXPECT_EQ(world.machine.sampling->second.size(), 3U);
    EXPECT_EQ(world.phase("0000:00:02.0"), "idle");
}

TEST_F(Sampling, LooksAtEverythingFromTimeToTimeAllTheSame) {
    const Instant rested = world.now;
    std::vector<Instant> looked;
    while (looked.size() < 6) {
        world.now = world.engine.next_deadline();
        world.engine.time_passed(world.now);
        if (const auto sampled = world.machine.finish_sample()) {
            world.engine.sampled(sampled->first, sampled->second, world.now);
        }
        looked.insert(looked.end(), world.machine.started.size(), world.now);
        world.finish_effects();
    }
    EXPECT_GE(looked.front() - rested, 290s);
    EXPECT_LE(looked.back() - rested, 610s);
}

TEST(SamplingElsewhere, NothingIsSampledWhereTheKernelAnnouncesHotplug) {
    for (const Level level : {Level::Observe, Level::Fence}) {
        RunningEngine world(fakes::machine_with_one_slot(), level, false);
        world.pass(5s);
        EXPECT_EQ(world.engine.next_deadline(), kNever);
        EXPECT_FALSE(world.machine.sampling.has_value());
    }
}

TEST(SamplerRounds, WhatWasSeenInAnEarlierRestSaysNothingOfThisOne) {
    Sampler sampler;
    auto request = sampler.begin_round({{kFirst, 1}, {kSecond, 2}}, 500ms, Instant{});
    Outcome both;
    both.samples = {{kFirst, 10}, {kSecond, 20}};
    EXPECT_EQ(sampler.answered(both, Instant{}).look_at, (Addresses{kFirst, kSecond}));

    request = sampler.begin_round({{kFirst, 3}, {kSecond, 2}}, 500ms, Instant{500ms});
    EXPECT_EQ(request.ports, (std::vector<PortSample>{{kFirst, 0}, {kSecond, 20}}));
}

TEST(SamplerRounds, ManyPortsAreAskedForInPartsOneAfterTheOther) {
    std::vector<coordinator::AtRest> ports;
    for (std::uint8_t bus = 0; bus < 20; ++bus) {
        for (std::uint8_t device = 0; device < 32; ++device) {
            ports.push_back({{0, bus, device, 0}, 1});
        }
    }
    Sampler sampler;
    std::vector<std::size_t> parts;
    Sampler::Request request = sampler.begin_round(ports, 500ms, Instant{});
    while (request.id != 0) {
        parts.push_back(request.ports.size());
        ASSERT_TRUE(sampler.waits_for(request.id));
        request = sampler.answered({}, Instant{}).next;
    }
    EXPECT_EQ(parts, (std::vector<std::size_t>{256, 256, 128}));
    EXPECT_EQ(sampler.next_deadline(true), Instant{500ms});
    EXPECT_EQ(sampler.next_deadline(false), kNever);
}

}  // namespace
}  // namespace slotd
