#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "daemon/executor/crash_points.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/job.hpp"
#include "daemon/executor/port_sample.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "tests/fakes/fake_sysfs.hpp"

// What an observation says about each function below the port.

namespace slotd::executor {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kCard{0, 1, 0, 0};
const std::string kPortName = "0000:00:1c.0";
const std::string kCardName = "0000:01:00.0";
const std::string kVfName = "0000:01:10.1";

struct ObserveFunctionTest : testing::Test {
    ObserveFunctionTest() {
        sysfs.root_port(kPortName, 1, 5);
        sysfs.card(kPortName, kCardName);
    }

    std::vector<event::FunctionSeen> functions() {
        const CrashPoints crash{0, CrashVictim::Worker};
        const Hands hands(os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
                          [] { return false; });
        SampledPorts sampled;
        const event::Outcome outcome = perform(hands, sampled, action::ObserveSlot{kPort});
        EXPECT_TRUE(outcome.observation.has_value()) << outcome.to_string();
        return outcome.observation.value_or(event::Observation{}).functions;
    }

    void memory_bar(std::uint32_t raw) const { sysfs.set32(kCardName, 0x10, raw); }

    fakes::FakeSysfs sysfs;
};

event::FunctionSeen card_at_first() {
    event::FunctionSeen seen;
    seen.address = kCard;
    seen.identity = {0x8086, 0x10d3, 0x8086, 0xa01f, 0x020000, 2, 0x0011223333445566};
    seen.driver = "e1000e";
    seen.memory_decodes = true;
    seen.command = 0x0546;
    return seen;
}

TEST_F(ObserveFunctionTest, ComparesBarsWithWhatTheKernelGave) {
    sysfs.set_attribute(kCardName, "resource", "0xfe840000 0xfe85ffff 0x40200\n");
    memory_bar(0xfe840000);
    EXPECT_TRUE(functions().at(0).bars_intact);

    memory_bar(0);
    EXPECT_FALSE(functions().at(0).bars_intact);
}

TEST_F(ObserveFunctionTest, AWipedCardDecodesNothing) {
    sysfs.set16(kCardName, 0x04, 0);

    event::FunctionSeen expected = card_at_first();
    expected.command = 0;
    expected.memory_decodes = false;
    EXPECT_EQ(functions(), std::vector{expected});
}

TEST_F(ObserveFunctionTest, ASilentCardHasNothingButWhatTheKernelKeeps) {
    sysfs.set_attribute(kCardName, "resource", "0xfe840000 0xfe85ffff 0x40200\n");
    sysfs.set_attribute(kCardName, "aer_dev_fatal", "TOTAL_ERR_FATAL 1\n");
    sysfs.silence(kCardName);

    event::FunctionSeen expected;
    expected.address = kCard;
    expected.driver = "e1000e";
    expected.bars_intact = false;
    expected.errors.fatal = 1;
    EXPECT_EQ(functions(), std::vector{expected});
}

TEST_F(ObserveFunctionTest, CountsErrorsAndVfs) {
    sysfs.set_attribute(kCardName, "aer_dev_correctable", "RxErr 4\nBadTLP 5\nTOTAL_ERR_COR 9\n");
    sysfs.set_attribute(kCardName, "aer_dev_nonfatal", "DLP 0\nTOTAL_ERR_NONFATAL 3\n");
    sysfs.set_attribute(kCardName, "aer_dev_fatal", "TOTAL_ERR_FATAL 18446744073709551615\n");
    sysfs.set_attribute(kCardName, "sriov_numvfs", "never read: it takes device_lock");
    sysfs.tree().files().link(sysfs.file_of(kCardName, "virtfn0"), "../0000:01:10.1");
    sysfs.tree().files().link(sysfs.file_of(kCardName, "virtfn1"), "../0000:01:10.3");

    event::FunctionSeen expected = card_at_first();
    expected.errors = {9, 3, UINT64_MAX};
    expected.vfs = 2;
    EXPECT_EQ(functions(), std::vector{expected});
}

TEST_F(ObserveFunctionTest, CountsNothingWhereTheNumbersAreNone) {
    sysfs.set_attribute(kCardName, "aer_dev_correctable", "TOTAL_ERR_COR many\n");
    sysfs.set_attribute(kCardName, "aer_dev_nonfatal", std::string(5000, ' ') + "\nTOTAL_ERR_N 1");
    sysfs.set_attribute(kCardName, "aer_dev_fatal", std::string(70'000, '\n'));
    sysfs.set_attribute(kCardName, "resource", std::string(70'000, '1'));

    EXPECT_EQ(functions(), std::vector{card_at_first()});
}

// A VF answers for its IDs, its COMMAND and its BARs with constants: the kernel knows better.
TEST_F(ObserveFunctionTest, AVfIsThereWhereTheRestOfItsHeaderAnswers) {
    sysfs.card(kPortName, kVfName);
    sysfs.tree().files().link(sysfs.file_of(kVfName, "physfn"), "../0000:01:00.0");
    sysfs.set_attribute(kVfName, "resource", "0xfe840000 0xfe85ffff 0x40200\n");
    sysfs.set32(kVfName, 0x00, 0xffffffff);
    sysfs.set16(kVfName, 0x04, 0x0004);

    event::FunctionSeen expected = card_at_first();
    expected.address = {0, 1, 0x10, 1};
    expected.identity.serial = {};
    expected.command = 0x0004;
    expected.is_virtual = true;
    EXPECT_EQ(functions().at(1), expected);

    sysfs.silence(kVfName);
    expected.identity = {};
    expected.command = 0;
    expected.memory_decodes = false;
    EXPECT_EQ(functions().at(1), expected);
}

}  // namespace
}  // namespace slotd::executor
