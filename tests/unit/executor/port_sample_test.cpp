#include "daemon/executor/port_sample.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/executor/crash_points.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "tests/fakes/descriptors_left.hpp"
#include "tests/fakes/fake_sysfs.hpp"

namespace slotd::executor {
namespace {

using event::Outcome;
using event::OutcomeKind;
using event::PortSample;
using Addresses = std::vector<pci::Address>;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kOther{0, 0, 0x1d, 0};
const std::string kPortName = "0000:00:1c.0";
const std::string kOtherName = "0000:00:1d.0";
const std::string kCardName = "0000:01:00.0";

struct PortSampleTest : testing::Test {
    PortSampleTest() {
        sysfs.root_port(kPortName, 1, 5);
        sysfs.card(kPortName, kCardName);
        sysfs.root_port(kOtherName, 2, 6);
    }

    /// Asks as slotd does: with what was told last. The ports that look otherwise.
    Addresses differ() {
        const Hands hands(os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
                          [] { return false; });
        last = sampled.sample(hands, expected);
        Addresses ports;
        for (const PortSample& one : last.samples) {
            ports.push_back(one.port);
            (one.port == kPort ? expected[0] : expected[1]).digest = one.digest;
        }
        return ports;
    }

    fakes::FakeSysfs sysfs;
    CrashPoints crash{0, CrashVictim::Worker};
    SampledPorts sampled;
    std::vector<PortSample> expected{{kPort, 0}, {kOther, 0}};
    Outcome last;
};

TEST_F(PortSampleTest, TellsOfEachPortOnceAndOfNoneThatStaysAsItIs) {
    EXPECT_EQ(differ(), (Addresses{kPort, kOther}));
    EXPECT_EQ(differ(), Addresses{});
    EXPECT_EQ(differ(), Addresses{});
    EXPECT_EQ(last.kind, OutcomeKind::Done);
}

TEST_F(PortSampleTest, TellsOfEverythingThatSaysThatTheCardIsNotAsItWas) {
    (void)differ();

    struct Change {
        std::string function;
        std::uint16_t offset;
        std::uint16_t value;
        std::string what;
    };

    for (const Change& change : std::vector<Change>{
             {kPortName, fakes::kPcieAt + 0x1a, 0x0000, "presence"},
             {kPortName, fakes::kPcieAt + 0x1a, 0x0048, "presence changed, latched"},
             {kPortName, fakes::kPcieAt + 0x1a, 0x0148, "link changed, latched"},
             {kPortName, fakes::kPcieAt + 0x12, 0x0043, "link down"},
             {kPortName, fakes::kPcieAt + 0x12, 0x2041, "link slower"},
             {kCardName, 0x02, 0x10d4, "another device"},
             {kCardName, 0x04, 0x0000, "wiped"},
             {kCardName, fakes::kSerialAt + 4, 0x7788, "another serial number"}}) {
        sysfs.set16(change.function, change.offset, change.value);
        EXPECT_EQ(differ(), Addresses{kPort}) << change.what;
        EXPECT_EQ(differ(), Addresses{}) << change.what;
    }
    sysfs.set16(kPortName, fakes::kPcieAt + 0x1a, 0x0040);
    EXPECT_EQ(differ(), Addresses{kPort});
    sysfs.silence(kCardName);
    EXPECT_EQ(differ(), Addresses{kPort});
    sysfs.silence(kOtherName);
    EXPECT_EQ(differ(), Addresses{kOther});
}

TEST_F(PortSampleTest, TellsNothingOfBitsThatAreNotTheCards) {
    (void)differ();
    sysfs.set16(kPortName, fakes::kPcieAt + 0x1a,
                static_cast<std::uint16_t>(sysfs.get16(kPortName, fakes::kPcieAt + 0x1a) | 0x0011));
    sysfs.set16(kPortName, fakes::kPcieAt + 0x12,
                static_cast<std::uint16_t>(sysfs.get16(kPortName, fakes::kPcieAt + 0x12) | 0xc800));
    sysfs.set16(kCardName, 0x06, static_cast<std::uint16_t>(sysfs.get16(kCardName, 0x06) | 0xf900));

    EXPECT_EQ(differ(), Addresses{});
}

TEST_F(PortSampleTest, TellsOfAFunctionThatComesWithAChangeAndLooksAtItFromThenOn) {
    (void)differ();
    sysfs.card(kOtherName, "0000:02:00.0");
    sysfs.set16(kOtherName, fakes::kPcieAt + 0x1a, 0x0048);
    EXPECT_EQ(differ(), Addresses{kOther});

    sysfs.set16("0000:02:00.0", 0x02, 0x10d4);
    EXPECT_EQ(differ(), Addresses{kOther});
}

TEST_F(PortSampleTest, TellsTheSameWhoeverTakesIt) {
    (void)differ();
    sampled = SampledPorts();  // as of another worker
    EXPECT_EQ(differ(), Addresses{});
}

TEST_F(PortSampleTest, APortThatIsNotThereReadsAsOneThatDoesNotAnswer) {
    expected[1].port = {0, 0, 0x1e, 0};
    const Hands hands(os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
                      [] { return false; });
    const Outcome outcome = sampled.sample(hands, {expected[1]});

    EXPECT_EQ(outcome.kind, OutcomeKind::Done);
    ASSERT_EQ(outcome.samples.size(), 1U);
    EXPECT_NE(outcome.samples.front().digest, 0U);
}

TEST_F(PortSampleTest, WhereOneCannotBeReadNothingIsSaidOfAny) {
    const std::string config = sysfs.root() + "/" + sysfs.file_of(kCardName, "config");
    std::filesystem::remove(config);
    std::filesystem::create_directory(config);

    EXPECT_EQ(differ(), Addresses{});
    EXPECT_EQ(last.kind, OutcomeKind::Failed);
}

TEST_F(PortSampleTest, WithoutDescriptorsNothingIsTakenForGone) {
    const Addresses whole = differ();
    const std::vector<PortSample> seen = expected;
    int failed = 0;
    int taken = 0;
    for (rlim_t left = 0; left < 8; ++left) {
        sampled = SampledPorts();
        expected = {{kPort, 0}, {kOther, 0}};
        const Hands hands(os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
                          [] { return false; });
        {
            const fakes::DescriptorsLeft few(left);
            last = sampled.sample(hands, expected);
        }
        if (last.kind == OutcomeKind::Done) {
            EXPECT_EQ(last.samples, seen) << left;
            ++taken;
        } else {
            EXPECT_EQ(last.samples, std::vector<PortSample>{}) << left;
            ++failed;
        }
    }
    EXPECT_EQ(whole, (Addresses{kPort, kOther}));
    EXPECT_GE(failed, 3);
    EXPECT_GE(taken, 3);
}

}  // namespace
}  // namespace slotd::executor
