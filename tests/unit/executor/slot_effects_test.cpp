#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <span>
#include <string>

#include "action/effect.hpp"
#include "daemon/executor/crash_points.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/job.hpp"
#include "daemon/executor/port_sample.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "os/gate.hpp"
#include "os/gate_record.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/link.hpp"
#include "pci/service.hpp"
#include "tests/fakes/fake_sysfs.hpp"

// Effects that close no gate, what slotd-exec checks about an address, and what a worker is told.

namespace slotd::executor {
namespace {

using event::Outcome;
using event::OutcomeKind;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kCard{0, 1, 0, 0};
constexpr pci::Address kUpstream{0, 2, 0, 0};
const std::string kPortName = "0000:00:1c.0";
const std::string kCardName = "0000:01:00.0";
const Outcome kDone{OutcomeKind::Done, 0, "", std::nullopt};

struct SlotEffectsTest : testing::Test {
    SlotEffectsTest() {
        sysfs.root_port(kPortName, 1, 5);
        sysfs.card(kPortName, kCardName);
        sysfs.root_port("0000:00:1d.0", 2, 6);
        sysfs.upstream_port("0000:00:1d.0", "0000:02:00.0", 3);
    }

    Outcome perform(const Job& job) {
        const Hands hands(os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
                          [] { return false; });
        return executor::perform(hands, sampled, job);
    }

    fakes::FakeSysfs sysfs;
    SampledPorts sampled;
    CrashPoints crash{0, CrashVictim::Worker};
};

event::Observation seen_at_first() {
    event::Observation seen;
    seen.port = kPort;
    seen.port_answers = true;
    seen.card_present = true;
    seen.link_active = true;
    seen.slot_number = 5;
    seen.traits.hotplug = true;
    seen.link_width = 4;
    seen.link_speed = 3;
    seen.bound = {pci::Service::Aer, pci::Service::Pciehp};
    seen.functions = {{kCard,
                       {0x8086, 0x10d3, 0x8086, 0xa01f, 0x020000, 2, 0x0011223333445566},
                       "e1000e",
                       true,
                       0x0546}};
    return seen;
}

TEST_F(SlotEffectsTest, ObservingReadsEverythingAfresh) {
    const Outcome outcome = perform(action::ObserveSlot{kPort});

    EXPECT_EQ(outcome.kind, OutcomeKind::Done);
    EXPECT_EQ(outcome.observation, seen_at_first());
}

TEST_F(SlotEffectsTest, ObservingSeesClosedGatesAndLatchedChanges) {
    ASSERT_EQ(perform(action::RaiseFence{kPort}), kDone);
    ASSERT_EQ(perform(action::MaskHotplug{kPort}), kDone);
    sysfs.set16(kPortName, fakes::kPcieAt + 0x1a, 0x0108);
    sysfs.set16(kPortName, fakes::kPcieAt + 0x12, 0x0043);
    sysfs.silence(kCardName);

    event::Observation expected = seen_at_first();
    expected.fenced = true;
    expected.hotplug_masked = true;
    expected.presence_latched = true;
    expected.link_change_latched = true;
    expected.card_present = false;
    expected.link_active = false;
    expected.link_width = 0;
    expected.link_speed = 0;
    expected.functions = {{kCard, {}, "e1000e", false}};
    EXPECT_EQ(perform(action::ObserveSlot{kPort}).observation, expected);
}

TEST_F(SlotEffectsTest, ObservingTellsWhatPortAndCardCanDoTogether) {
    sysfs.set32(kPortName, fakes::kPcieAt + 0x0c, 0x00100104);  // 16 GT/s x16
    sysfs.set32(kCardName, fakes::kPcieAt + 0x0c, 0x00000083);  // 8 GT/s x8

    event::Observation expected = seen_at_first();
    expected.link_speed_max = 3;
    expected.link_width_max = 8;
    EXPECT_EQ(perform(action::ObserveSlot{kPort}).observation, expected);

    sysfs.silence(kCardName);
    const auto silent = perform(action::ObserveSlot{kPort}).observation;
    EXPECT_EQ(silent->link(), (pci::Link{true, 3, 4, 0, 0}));
}

TEST_F(SlotEffectsTest, ObservingAPortThatDoesNotAnswerSaysThat) {
    sysfs.silence(kPortName);

    const Outcome outcome = perform(action::ObserveSlot{kPort});

    ASSERT_EQ(outcome.kind, OutcomeKind::Done);
    EXPECT_FALSE(outcome.observation->port_answers);
    EXPECT_EQ(outcome.observation->functions, seen_at_first().functions);
}

TEST_F(SlotEffectsTest, OnlyPortsAreTakenForPorts) {
    EXPECT_EQ(perform(action::ObserveSlot{kCard}),
              (Outcome{OutcomeKind::Refused, 0, "0000:01:00.0 is neither Root nor Downstream Port",
                       std::nullopt}));
    EXPECT_EQ(perform(action::RaiseFence{kUpstream}).kind, OutcomeKind::Refused);
    EXPECT_EQ(perform(action::RescanBelow{{0, 9, 0, 0}}).kind, OutcomeKind::Gone);
    sysfs.set16(kPortName, 0x06, 0);  // no capabilities
    EXPECT_EQ(perform(action::MaskHotplug{kPort}),
              (Outcome{OutcomeKind::Refused, 0, "0000:00:1c.0 is no PCI Express function",
                       std::nullopt}));
}

TEST_F(SlotEffectsTest, OnlyFunctionsBelowAPortAreReset) {
    EXPECT_EQ(perform(action::ResetFunction{kPort, action::KernelReset::Bus}),
              (Outcome{OutcomeKind::Refused, 0, "0000:00:1c.0 is a bridge", std::nullopt}));
    EXPECT_EQ(perform(action::ResetFunction{kUpstream, action::KernelReset::Bus}).kind,
              OutcomeKind::Refused);
    EXPECT_EQ(perform(action::RemoveFunction{kPort}),
              (Outcome{OutcomeKind::Refused, 0, "0000:00:1c.0 is not below a port", std::nullopt}));
}

TEST_F(SlotEffectsTest, ADeadCardAndASwitchCanBeRemoved) {
    sysfs.silence(kCardName);

    EXPECT_EQ(perform(action::RemoveFunction{kCard}), kDone);
    EXPECT_EQ(sysfs.attribute(kCardName, "remove"), "1");
    EXPECT_EQ(perform(action::RemoveFunction{kUpstream}), kDone);
    EXPECT_EQ(perform(action::RemoveFunction{{0, 1, 0, 7}}).kind, OutcomeKind::Gone);
}

TEST_F(SlotEffectsTest, ARescanIsOfTheBusBelowThePort) {
    EXPECT_EQ(perform(action::RescanBelow{kPort}), kDone);

    EXPECT_EQ(sysfs.attribute(kPortName, "pci_bus/0000:01/rescan"), "1");
}

TEST_F(SlotEffectsTest, SlotPowerGoesToTheSlotOfTheBusBelowThePort) {
    EXPECT_EQ(perform(action::SetSlotPower{kPort, false}), kDone);

    EXPECT_EQ(sysfs.tree().files().read("bus/pci/slots/5/power"), "0");
    EXPECT_EQ(sysfs.tree().files().read("bus/pci/slots/6/power"), "1\n");
}

TEST_F(SlotEffectsTest, SlotPowerThatIsOffIsAGateUntilItIsOn) {
    ASSERT_EQ(perform(action::SetSlotPower{kPort, false}), kDone);
    EXPECT_EQ(os::GateRecord(sysfs.state_dir()).load().value(),
              (os::ClosedGates{{os::PowerGate{kPort}}, {}}));

    ASSERT_EQ(perform(action::SetSlotPower{kPort, true}), kDone);
    EXPECT_EQ(os::GateRecord(sysfs.state_dir()).load().value(), os::ClosedGates{});
    EXPECT_EQ(sysfs.tree().files().read("bus/pci/slots/5/power"), "1");
}

TEST_F(SlotEffectsTest, SlotPowerThatAnotherHandPutOffIsNoGate) {
    sysfs.tree().files().write("bus/pci/slots/5/power", "0\n");

    EXPECT_EQ(perform(action::SetSlotPower{kPort, false}), kDone);

    EXPECT_EQ(os::GateRecord(sysfs.state_dir()).load().value(), os::ClosedGates{});
}

TEST_F(SlotEffectsTest, SlotPowerThatWasLeftOffIsPutOnByTheOpeningOfItsGate) {
    ASSERT_EQ(perform(action::SetSlotPower{kPort, false}), kDone);

    EXPECT_EQ(perform(os::Gate{os::PowerGate{kPort}}), kDone);

    EXPECT_EQ(sysfs.tree().files().read("bus/pci/slots/5/power"), "1");
}

TEST_F(SlotEffectsTest, SlotPowerNeedsPciehp) {
    sysfs.tree().files().remove("bus/pci/slots/5");

    EXPECT_EQ(
        perform(action::SetSlotPower{kPort, true}),
        (Outcome{OutcomeKind::Refused, 0, "pciehp is not bound to 0000:00:1c.0", std::nullopt}));
}

// pciehp answers EINVAL for "already disabled"; this file of the kernel answers so to any "0".
TEST_F(SlotEffectsTest, SlotPowerThatIsOffAlreadyIsToldByWhatIsEnumerated) {
    sysfs.tree().files().remove("bus/pci/slots/5/power");
    sysfs.tree().files().link("bus/pci/slots/5/power", "/proc/self/clear_refs");

    const Outcome with_card = perform(action::SetSlotPower{kPort, false});
    sysfs.remove(kCardName);
    const Outcome without_card = perform(action::SetSlotPower{kPort, false});

    EXPECT_EQ(with_card,
              (Outcome{OutcomeKind::Failed, EINVAL,
                       "write to " + sysfs.root() + "/bus/pci/slots/5/power", std::nullopt}));
    EXPECT_EQ(without_card,
              (Outcome{OutcomeKind::AlreadySo, 0, "slot of 0000:00:1c.0 is off", std::nullopt}));
}

TEST_F(SlotEffectsTest, EveryAssignmentReachesItsWorker) {
    const Job effect = action::Effect{action::BindService{kPort, pci::Service::Dpc}};
    const Job gate = os::Gate{os::ResetMethodGate{kCard, "flr bus", "bus"}};

    EXPECT_EQ(decode_assignment(encode(effect, 7)).value(), (Assignment{7, effect}));
    EXPECT_EQ(decode_assignment(encode(gate, 8)).value(), (Assignment{8, gate}));

    SampleJob sample;
    sample.expected.assign(event::kSamplesMax, {kPort, 0x0102030405060708});
    EXPECT_EQ(decode_assignment(encode(sample, 9)).value(), (Assignment{9, sample}));
}

TEST_F(SlotEffectsTest, AnAssignmentThatIsCutIsMalformed) {
    const Bytes whole = encode(Job{os::Gate{os::HotplugGate{kPort, 0x1128}}}, 7);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(decode_assignment(std::span(whole).first(length)).has_value());
    }
}

TEST(GateName, IsTheSameForClosingAndOpening) {
    EXPECT_EQ(gate_name(action::Effect{action::RaiseFence{kPort}}),
              gate_name(os::Gate{os::FenceGate{kPort, 1, 2, 3}}));
    EXPECT_EQ(gate_name(action::Effect{action::UnbindService{kPort, pci::Service::Aer}}),
              gate_name(action::Effect{action::BindService{kPort, pci::Service::Aer}}));
    EXPECT_EQ(gate_name(action::Effect{action::ObserveSlot{kPort}}), std::nullopt);
}

}  // namespace
}  // namespace slotd::executor
