#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "daemon/executor/crash_points.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/job.hpp"
#include "daemon/executor/port_sample.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"
#include "os/gate_record.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "tests/fakes/fake_sysfs.hpp"

// What the effects that close and open gates do, called as a worker calls them.

namespace slotd::executor {
namespace {

using event::Outcome;
using event::OutcomeKind;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kCard{0, 1, 0, 0};
const std::string kPortName = "0000:00:1c.0";
const std::string kCardName = "0000:01:00.0";
constexpr std::uint16_t kSlotControl = fakes::kPcieAt + 0x18;
constexpr std::uint16_t kSlotStatus = fakes::kPcieAt + 0x1a;
constexpr std::uint16_t kDeviceControl = fakes::kPcieAt + 0x08;
constexpr std::uint16_t kDeviceStatus = fakes::kPcieAt + 0x0a;
const Outcome kDone{OutcomeKind::Done, 0, "", std::nullopt};

struct GatesTest : testing::Test {
    GatesTest() {
        sysfs.root_port(kPortName, 1, 5);
        sysfs.card(kPortName, kCardName);
    }

    Outcome perform(const Job& job) {
        const Hands hands(os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
                          [this] { return called_off; });
        return executor::perform(hands, sampled, job);
    }

    std::vector<os::Gate> closed() const {
        return os::GateRecord(sysfs.state_dir()).load().value().gates;
    }

    fakes::FakeSysfs sysfs;
    SampledPorts sampled;
    CrashPoints crash{0, CrashVictim::Worker};
    bool called_off = false;
};

TEST_F(GatesTest, AFenceClearsWhatForwardsAndReportsAndNothingElse) {
    EXPECT_EQ(perform(action::RaiseFence{kPort}), kDone);

    EXPECT_EQ(sysfs.get16(kPortName, 0x3e), 0x0000);
    EXPECT_EQ(sysfs.get16(kPortName, 0x04), 0x0446);
    EXPECT_EQ(sysfs.get16(kPortName, kDeviceControl), 0x2830);
    EXPECT_EQ(closed(), (std::vector<os::Gate>{os::FenceGate{kPort, 0x0546, 0x0002, 0x283f}}));
}

// The kernel lifts SERR# at each hot-add below the port.
TEST_F(GatesTest, AFenceRaisedAgainIsWrittenAgainAndKeepsItsFirstOriginal) {
    ASSERT_EQ(perform(action::RaiseFence{kPort}), kDone);
    sysfs.set16(kPortName, 0x3e, 0x0002);

    EXPECT_EQ(perform(action::RaiseFence{kPort}), kDone);

    EXPECT_EQ(sysfs.get16(kPortName, 0x3e), 0x0000);
    EXPECT_EQ(closed(), (std::vector<os::Gate>{os::FenceGate{kPort, 0x0546, 0x0002, 0x283f}}));
}

TEST_F(GatesTest, AFenceGivesBackOnlyItsOwnBits) {
    ASSERT_EQ(perform(action::RaiseFence{kPort}), kDone);
    sysfs.set16(kPortName, 0x04, 0x0403);  // the kernel has changed others meanwhile
    sysfs.set16(kPortName, kDeviceControl, 0x5810);

    EXPECT_EQ(perform(action::LowerFence{kPort}), kDone);

    EXPECT_EQ(sysfs.get16(kPortName, 0x04), 0x0503);
    EXPECT_EQ(sysfs.get16(kPortName, kDeviceControl), 0x581f);
    EXPECT_EQ(sysfs.get16(kPortName, 0x3e), 0x0002);
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

// What latched in the episode would be reported the moment the fence goes down.
TEST_F(GatesTest, AFenceClearsLatchedErrorsOfPortAndCardBeforeItGoesDown) {
    ASSERT_EQ(perform(action::RaiseFence{kPort}), kDone);
    for (const std::string& name : {kPortName, kCardName}) {
        sysfs.set16(name, kDeviceStatus, 0x0025);
    }

    EXPECT_EQ(perform(action::LowerFence{kPort}), kDone);

    // The fake keeps what was written: ones to the error bits, zero to the others.
    EXPECT_EQ(sysfs.get16(kPortName, kDeviceStatus), 0x0005);
    EXPECT_EQ(sysfs.get16(kCardName, kDeviceStatus), 0x0005);
}

TEST_F(GatesTest, AFenceGoesDownOverACardThatDoesNotAnswer) {
    ASSERT_EQ(perform(action::RaiseFence{kPort}), kDone);
    sysfs.silence(kCardName);

    EXPECT_EQ(perform(action::LowerFence{kPort}), kDone);
}

TEST_F(GatesTest, AFenceThatIsNotUpIsAlreadyDown) {
    EXPECT_EQ(perform(action::LowerFence{kPort}),
              (Outcome{OutcomeKind::AlreadySo, 0, "no fence of 0000:00:1c.0 is up", std::nullopt}));
}

TEST_F(GatesTest, APortThatDoesNotAnswerIsGoneAndNotRecorded) {
    sysfs.silence(kPortName);

    EXPECT_EQ(perform(action::RaiseFence{kPort}).kind, OutcomeKind::Gone);
    EXPECT_EQ(perform(action::MaskHotplug{kPort}).kind, OutcomeKind::Gone);
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

// All ones may be a port below another one that is down for a moment.
TEST_F(GatesTest, APortThatDoesNotAnswerKeepsItsGateInTheRecord) {
    ASSERT_EQ(perform(action::RaiseFence{kPort}), kDone);
    const std::vector<os::Gate> before = closed();
    sysfs.silence(kPortName);

    EXPECT_EQ(perform(action::LowerFence{kPort}).kind, OutcomeKind::Gone);

    EXPECT_EQ(closed(), before);
}

TEST_F(GatesTest, APortThatIsGoneTakesItsGatesWithIt) {
    ASSERT_EQ(perform(action::RaiseFence{kPort}), kDone);
    ASSERT_EQ(perform(action::UnbindService{kPort, pci::Service::Aer}), kDone);
    sysfs.remove(kPortName);

    EXPECT_EQ(perform(action::LowerFence{kPort}).kind, OutcomeKind::Gone);
    EXPECT_EQ(perform(action::BindService{kPort, pci::Service::Aer}).kind, OutcomeKind::Gone);

    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(GatesTest, MaskingLeavesTheHotplugInterruptAlone) {
    EXPECT_EQ(perform(action::MaskHotplug{kPort}), kDone);

    EXPECT_EQ(sysfs.get16(kPortName, kSlotControl), 0x0120);
    EXPECT_EQ(closed(), (std::vector<os::Gate>{os::HotplugGate{kPort, 0x1128}}));
}

TEST_F(GatesTest, UnmaskingForgetsLatchedChangesOnDemand) {
    ASSERT_EQ(perform(action::MaskHotplug{kPort}), kDone);
    sysfs.set16(kPortName, kSlotStatus, 0x0148);

    EXPECT_EQ(perform(action::UnmaskHotplug{kPort, action::Latched::Forget}), kDone);

    EXPECT_EQ(sysfs.get16(kPortName, kSlotStatus), 0x0108);  // ones to clear, and nothing else
    EXPECT_EQ(sysfs.get16(kPortName, kSlotControl), 0x1128);
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(GatesTest, UnmaskingDeliversLatchedChangesOnDemand) {
    ASSERT_EQ(perform(action::MaskHotplug{kPort}), kDone);
    sysfs.set16(kPortName, kSlotStatus, 0x0148);
    sysfs.set16(kPortName, kSlotControl, 0x0260);  // pciehp has switched an indicator

    EXPECT_EQ(perform(action::UnmaskHotplug{kPort, action::Latched::Deliver}), kDone);

    EXPECT_EQ(sysfs.get16(kPortName, kSlotStatus), 0x0148);
    EXPECT_EQ(sysfs.get16(kPortName, kSlotControl), 0x1268);
}

TEST_F(GatesTest, APortWithoutASlotHasNothingToMask) {
    sysfs.set16(kPortName, fakes::kPcieAt + 2, 0x0042);

    EXPECT_EQ(perform(action::MaskHotplug{kPort}),
              (Outcome{OutcomeKind::Refused, 0, "0000:00:1c.0 has no slot", std::nullopt}));
}

TEST_F(GatesTest, AServiceIsUnboundAndBoundAgain) {
    EXPECT_EQ(perform(action::UnbindService{kPort, pci::Service::Pciehp}), kDone);
    EXPECT_FALSE(sysfs.bound("0000:00:1c.0:pcie004"));
    EXPECT_EQ(closed(), (std::vector<os::Gate>{os::ServiceGate{kPort, pci::Service::Pciehp}}));

    EXPECT_EQ(perform(action::BindService{kPort, pci::Service::Pciehp}), kDone);
    EXPECT_TRUE(sysfs.bound("0000:00:1c.0:pcie004"));
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(GatesTest, AServiceThatSomebodyElseUnboundIsNoGateOfOurs) {
    sysfs.tree().files().remove("bus/pci_express/devices/0000:00:1c.0:pcie004/driver");

    EXPECT_EQ(perform(action::UnbindService{kPort, pci::Service::Pciehp}).kind,
              OutcomeKind::AlreadySo);
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(GatesTest, ABoundServiceLeavesTheRecord) {
    ASSERT_TRUE(os::GateRecord(sysfs.state_dir())
                    .note_closed(os::ServiceGate{kPort, pci::Service::Pciehp}));

    EXPECT_EQ(perform(action::BindService{kPort, pci::Service::Pciehp}).kind,
              OutcomeKind::AlreadySo);
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(GatesTest, AServiceThatThePortDoesNotHaveIsRefused) {
    EXPECT_EQ(perform(action::UnbindService{kPort, pci::Service::Dpc}),
              (Outcome{OutcomeKind::Refused, 0, "there is no dpc of 0000:00:1c.0", std::nullopt}));
}

TEST_F(GatesTest, NothingIsClosedForWhoeverWaitsNoMore) {
    called_off = true;

    EXPECT_EQ(perform(action::RaiseFence{kPort}),
              (Outcome{OutcomeKind::Failed, ETIMEDOUT,
                       "closing fence 0000:00:1c.0 came back after its deadline and left nothing "
                       "changed",
                       std::nullopt}));
    EXPECT_EQ(sysfs.get16(kPortName, 0x3e), 0x0002);
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(GatesTest, NothingIsClosedThatCannotBeRecorded) {
    sysfs.write_state("gates", std::string(300 * 1024, 'x'));

    EXPECT_EQ(perform(action::RaiseFence{kPort}).kind, OutcomeKind::Refused);
    EXPECT_EQ(sysfs.get16(kPortName, 0x3e), 0x0002);
}

TEST_F(GatesTest, AResetUsesOneMethodAndPutsTheListBack) {
    EXPECT_EQ(perform(action::ResetFunction{kCard, action::KernelReset::Bus}), kDone);

    EXPECT_EQ(sysfs.attribute(kCardName, "reset"), "1");
    EXPECT_EQ(sysfs.attribute(kCardName, "reset_method"), "flr bus");
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(GatesTest, AResetPutsTheListBackWhenItFails) {
    sysfs.tree().remove_attribute("pci0000:00/0000:00:1c.0/0000:01:00.0", "reset");
    sysfs.tree().files().make_dir(sysfs.file_of(kCardName, "reset"));  // EISDIR

    EXPECT_EQ(perform(action::ResetFunction{kCard, action::KernelReset::Flr}).kind,
              OutcomeKind::Failed);
    EXPECT_EQ(sysfs.attribute(kCardName, "reset_method"), "flr bus");
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(GatesTest, AResetTakesTheConventionalFlrWhereThereIsNoOther) {
    sysfs.set_attribute(kCardName, "reset_method", "af_flr");

    EXPECT_EQ(perform(action::ResetFunction{kCard, action::KernelReset::Flr}), kDone);
}

TEST_F(GatesTest, AResetByAMethodThatIsNotThereIsRefusedWithThoseThatAre) {
    sysfs.set_attribute(kCardName, "reset_method", "flr pm\n");

    EXPECT_EQ(perform(action::ResetFunction{kCard, action::KernelReset::Bus}),
              (Outcome{OutcomeKind::Refused, ENOTTY, "0000:01:00.0 can be reset by: flr pm",
                       std::nullopt}));
    EXPECT_EQ(sysfs.attribute(kCardName, "reset"), "");
}

// Left by a worker that was killed: the single method must not be taken for the original.
TEST_F(GatesTest, AResetStartsFromTheRecordedList) {
    sysfs.set_attribute(kCardName, "reset_method", "bus");
    ASSERT_TRUE(os::GateRecord(sysfs.state_dir())
                    .note_closed(os::ResetMethodGate{kCard, "flr bus", "bus"}));

    EXPECT_EQ(perform(action::ResetFunction{kCard, action::KernelReset::Bus}), kDone);
    EXPECT_EQ(sysfs.attribute(kCardName, "reset_method"), "flr bus");
}

TEST_F(GatesTest, AListThatSomebodyElseWroteIsLeftAlone) {
    const os::Gate gate = os::ResetMethodGate{kCard, "flr bus", "bus"};
    ASSERT_TRUE(os::GateRecord(sysfs.state_dir()).note_closed(gate));
    sysfs.set_attribute(kCardName, "reset_method", "pm");

    EXPECT_EQ(perform(gate).kind, OutcomeKind::Gone);
    EXPECT_EQ(sysfs.attribute(kCardName, "reset_method"), "pm");
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

}  // namespace
}  // namespace slotd::executor
