// slotd-exec is asked which ports look otherwise than they did.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/address.hpp"
#include "tests/fakes/executor_conversation.hpp"
#include "tests/fakes/fake_sysfs.hpp"

namespace slotd {
namespace {

using event::EffectId;
using event::Outcome;
using event::OutcomeKind;
using event::PortSample;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kOtherPort{0, 0, 0x1d, 0};
const std::string kPortName = "0000:00:1c.0";
constexpr std::uint16_t kSlotStatus = fakes::kPcieAt + 0x1a;

struct ExecutorSample : testing::Test {
    ExecutorSample() {
        sysfs.root_port(kPortName, 1, 5);
        sysfs.card(kPortName, "0000:01:00.0");
        sysfs.root_port("0000:00:1d.0", 2, 6);
    }

    static Outcome answer(fakes::ExecutorConversation& talk, EffectId id,
                          const std::vector<PortSample>& expected) {
        talk.client().sample(id, expected);
        return talk.wait_for(id);
    }

    fakes::FakeSysfs sysfs;
};

TEST_F(ExecutorSample, SaysWhichPortsLookOtherwiseAndKeepsNothing) {
    std::vector<PortSample> seen;
    {
        fakes::ExecutorConversation talk(sysfs);
        seen = answer(talk, 100, {{kPort, 0}, {kOtherPort, 0}}).samples;
        ASSERT_EQ(seen.size(), 2U);
        EXPECT_EQ(answer(talk, 101, seen), Outcome{});
        EXPECT_EQ(talk.close(), "exit code 0");
    }
    fakes::ExecutorConversation another(sysfs);
    EXPECT_EQ(answer(another, 100, seen), Outcome{});

    sysfs.set16(kPortName, kSlotStatus, 0x0008);  // the card is out
    const Outcome changed = answer(another, 101, seen);
    ASSERT_EQ(changed.samples.size(), 1U);
    EXPECT_EQ(changed.samples.front().port, kPort);
    EXPECT_EQ(another.close(), "exit code 0");
}

TEST_F(ExecutorSample, ThatHangsIsLeftBehindAndKeepsNobodyElse) {
    const std::string config = sysfs.file_of(kPortName, "config");
    fakes::ExecutorConversation talk(sysfs, {"--deadline-max-ms", "300"});
    sysfs.hang(config);

    talk.client().sample(100, {{kPort, 0}, {kOtherPort, 0}});
    EXPECT_EQ(talk.answer_to(action::ObserveSlot{kOtherPort}).kind, OutcomeKind::Done);
    EXPECT_EQ(answer(talk, 101, {{kOtherPort, 0}}).samples.size(), 1U);

    EXPECT_EQ(talk.wait_for(100),
              (Outcome{OutcomeKind::TimedOut, 0, "sample 2 ports", std::nullopt}));
    (void)sysfs.let_go(config);
    EXPECT_NE(talk.wait_for(100, 2).kind, OutcomeKind::TimedOut);
    EXPECT_EQ(talk.close(), "exit code 0");
}

}  // namespace
}  // namespace slotd
