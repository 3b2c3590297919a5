// The words stand for sentences of the coordinator: it makes each of them here, so that a sentence
// that is worded anew is noticed.
#include "metrics/words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "coordinator/gate.hpp"
#include "event/kernel_event.hpp"
#include "event/usage.hpp"
#include "history/entry.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd::metrics {
namespace {

using namespace std::chrono_literals;
using event::RecoveryReport;
using event::Severity;
using fakes::at;
using fakes::machine_with_one_slot;
using fakes::RunningEngine;
using policy::Level;
using testing::ElementsAre;

constexpr const char* kPort = "0000:00:02.0";
const pci::Address kCard = at("0000:01:00.0");

template <class Entry, class Word>
std::vector<std::string> words_of(const RunningEngine& world, Word word) {
    std::vector<std::string> words;
    for (const history::Entry& entry : world.machine.remembered) {
        if (const auto* const one = std::get_if<Entry>(&entry)) {
            words.emplace_back(word(*one));
        }
    }
    return words;
}

std::vector<std::string> causes(const RunningEngine& world) {
    return words_of<history::IncidentOpened>(world, [](const auto& one) {
        return kCauseWords.at(static_cast<std::size_t>(cause_of(one)));
    });
}

std::vector<std::string> endings(const RunningEngine& world) {
    return words_of<history::IncidentClosed>(world, [](const auto& one) {
        return kIncidentOutcomeWords.at(static_cast<std::size_t>(outcome_of(one)));
    });
}

std::vector<std::string> attempts(const RunningEngine& world) {
    return words_of<history::AttemptEnded>(world, [](const auto& one) {
        return kAttemptOutcomeWords.at(static_cast<std::size_t>(outcome_of(one)));
    });
}

struct Words : testing::Test {
    RunningEngine world{machine_with_one_slot(), Level::Fence, true};

    Words() { world.pass(1s); }
};

TEST_F(Words, OfErrorsThatTheTraceAnnounced) {
    for (const Severity severity : {Severity::Fatal, Severity::NonFatal}) {
        world.say(event::ErrorReported{kCard, severity, 0});
        world.say(event::RecoveryReported{kCard, RecoveryReport::Began});
        world.say(event::RecoveryReported{kCard, RecoveryReport::Succeeded});
        world.pass(2s);
    }

    EXPECT_THAT(causes(world), ElementsAre("fatal-error", "nonfatal-error"));
    EXPECT_THAT(endings(world), ElementsAre("recovered", "recovered"));
}

TEST_F(Words, OfARecoveryThatWasNotAnnouncedAndGivenUp) {
    world.say(event::RecoveryReported{kCard, RecoveryReport::Failed});
    world.pass(2s);

    EXPECT_THAT(causes(world), ElementsAre("kernel-recovery"));
    EXPECT_THAT(attempts(world), ElementsAre("succeeded"));
    EXPECT_THAT(endings(world), ElementsAre("recovered"));
}

TEST_F(Words, OfADeviceThatItsDriverCallsWedged) {
    world.say(event::DeviceWedged{kCard, {event::WedgedMethod::Rebind}});
    world.pass(2s);

    EXPECT_THAT(causes(world), ElementsAre("driver-wedged"));
}

TEST(WordsAtExclusive, OfACardThatLeftUnheard) {
    RunningEngine world(machine_with_one_slot(), Level::Exclusive, true);
    world.pass(2s);
    world.machine.ports.at(at(kPort)).card.reset();
    world.pass(5s);

    EXPECT_THAT(causes(world), ElementsAre("card-changed"));
}

TEST_F(Words, OfARequestThatIsRefusedForItsUse) {
    event::Usage usage;
    usage.port = at(kPort);
    event::FunctionUse use;
    use.address = kCard;
    use.vfio_group = 7;
    use.vfio_open = true;
    usage.functions = {use};
    world.machine.usage[at(kPort)] = usage;

    world.ask(kPort, event::ResetMethod::Slot);
    world.pass(2s);

    EXPECT_THAT(causes(world), ElementsAre("request"));
    EXPECT_THAT(endings(world), ElementsAre("refused"));
    EXPECT_THAT(attempts(world), ElementsAre());
}

TEST_F(Words, OfAStepThatFailsAndLeavesTheSlotToAnOperator) {
    world.machine.failing = {"power off slot of 0000:00:02.0"};
    world.say(event::RecoveryReported{kCard, RecoveryReport::Failed});
    world.pass(5s);

    EXPECT_THAT(attempts(world), ElementsAre("failed"));
    EXPECT_THAT(endings(world), ElementsAre("failed"));
}

TEST_F(Words, OfAnAttemptThatGaveWayToTheKernel) {
    world.ask(kPort, event::ResetMethod::Slot);
    world.finish_effects(1);  // the first gate is closed, nothing is reset
    world.say(event::RecoveryReported{kCard, RecoveryReport::Began});

    EXPECT_THAT(attempts(world), ElementsAre("withdrawn"));
}

TEST_F(Words, OfAnAttemptInWhichSlotdExecEnded) {
    world.ask(kPort, event::ResetMethod::Slot);
    world.finish_effects(1);
    world.engine.executor_restarted(world.now);

    EXPECT_THAT(attempts(world), ElementsAre("unknown"));
}

TEST(WordsOfStrangers, AreTheLast) {
    EXPECT_EQ(cause_of({1, {}, "5", "a sentence of another version"}), Cause::Other);
    EXPECT_EQ(outcome_of(history::AttemptEnded{{}, 0, 1, false, false, "reset did not help"}),
              AttemptOutcome::Failed);
    EXPECT_EQ(kRequestWords.at(place_of("outcome of another version", kRequestWords)), "other");
    EXPECT_EQ(kRequestWords.at(place_of("in-use", kRequestWords)), "in-use");
}

TEST(WordsOfGates, NameTheServiceWhereItIsOne) {
    using coordinator::GateKind;
    EXPECT_EQ(word_of({GateKind::Fence, {}, {}}), "fence");
    EXPECT_EQ(word_of({GateKind::HotplugMask, {}, {}}), "hotplug-mask");
    EXPECT_EQ(word_of({GateKind::Vfs, {}, {}}), "vfs");
    EXPECT_EQ(word_of({GateKind::Service, {}, pci::Service::Dpc}), "dpc");
}

}  // namespace
}  // namespace slotd::metrics
