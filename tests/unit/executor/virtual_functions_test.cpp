#include <gtest/gtest.h>

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
#include "tests/fakes/fake_driver_core.hpp"
#include "tests/fakes/fake_sysfs.hpp"

namespace slotd::executor {
namespace {

using event::Outcome;
using event::OutcomeKind;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kCard{0, 1, 0, 0};
const std::string kCardName = "0000:01:00.0";
const Outcome kDone{OutcomeKind::Done, 0, "", std::nullopt};
const std::string kPower = "bus/pci/slots/5/power";

Outcome done_but(const std::string& differences) {
    return {OutcomeKind::Done, 0, differences, std::nullopt};
}

struct VirtualFunctions : testing::Test {
    VirtualFunctions() : core(sysfs, {"e1000e", "nvme", "vfio-pci"}) {
        sysfs.root_port("0000:00:1c.0", 1, 5);
        sysfs.card("0000:00:1c.0", kCardName);
        core.physical(kCardName, "nvme");
        core.loses_vfs_by(kPower, kCardName);
    }

    Outcome perform(const Job& job) {
        const Hands hands(os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
                          [this] { return called_off; });
        return executor::perform(hands, sampled, job);
    }

    Outcome note() { return perform(action::NoteVfs{kPort}); }

    Outcome restore() { return perform(action::RestoreVfs{kPort}); }

    /// As slot power 0 and 1 does.
    void lose() {
        sysfs.tree().files().write(kPower, "0");
        core.settle();
    }

    std::vector<os::Gate> closed() const {
        return os::GateRecord(sysfs.state_dir()).load().value().gates;
    }

    std::string whose(unsigned index) const {
        return core.whose(fakes::FakeDriverCore::vf_name(kCardName, index));
    }

    void give(unsigned index, const std::string& driver, const std::string& driver_override) {
        core.give(fakes::FakeDriverCore::vf_name(kCardName, index), driver, driver_override);
    }

    fakes::FakeSysfs sysfs;
    fakes::FakeDriverCore core;
    SampledPorts sampled;
    CrashPoints crash{0, CrashVictim::Worker};
    bool called_off = false;
};

TEST_F(VirtualFunctions, AreNotedWithTheirDriversAndOverrides) {
    core.set_vfs(kCardName, 3);
    give(1, "vfio-pci", "vfio-pci");
    give(2, "", "none");

    EXPECT_EQ(note(), kDone);

    EXPECT_EQ(closed(),
              (std::vector<os::Gate>{os::VfsGate{
                  kPort, kCard, true, {{"nvme", ""}, {"vfio-pci", "vfio-pci"}, {"", "none"}}}}));
}

TEST_F(VirtualFunctions, OfNobodyNeedNoNote) {
    EXPECT_EQ(note(), (Outcome{OutcomeKind::AlreadySo, 0,
                               "nothing below 0000:00:1c.0 has virtual functions", std::nullopt}));
    EXPECT_EQ(restore(),
              (Outcome{OutcomeKind::AlreadySo, 0,
                       "no virtual functions below 0000:00:1c.0 are noted", std::nullopt}));
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(VirtualFunctions, ComeBackWithDriversAndOverridesAfterTheyWereLost) {
    core.set_vfs(kCardName, 3);
    give(1, "vfio-pci", "vfio-pci");
    give(2, "", "none");
    ASSERT_EQ(note(), kDone);
    lose();
    ASSERT_EQ(sysfs.attribute(kCardName, "sriov_numvfs"), "0\n");

    EXPECT_EQ(restore(), kDone);

    EXPECT_EQ(whose(0), "nvme|");
    EXPECT_EQ(whose(1), "vfio-pci|vfio-pci");
    EXPECT_EQ(whose(2), "|none");
    EXPECT_EQ(sysfs.attribute(kCardName, "sriov_numvfs"), "3");
    EXPECT_EQ(sysfs.attribute(kCardName, "sriov_drivers_autoprobe"), "1");
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(VirtualFunctions, GetTheirAutoprobeBack) {
    sysfs.set_attribute(kCardName, "sriov_drivers_autoprobe", "0\n");
    core.set_vfs(kCardName, 1);
    ASSERT_EQ(note(), kDone);
    lose();

    EXPECT_EQ(restore(), kDone);

    EXPECT_EQ(whose(0), "|");
    EXPECT_EQ(sysfs.attribute(kCardName, "sriov_drivers_autoprobe"), "0");
}

TEST_F(VirtualFunctions, ThatSurvivedAreOnlyCompared) {
    core.set_vfs(kCardName, 2);
    ASSERT_EQ(note(), kDone);

    EXPECT_EQ(restore(), (Outcome{OutcomeKind::AlreadySo, 0,
                                  "virtual functions of 0000:01:00.0 are as noted", std::nullopt}));
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(VirtualFunctions, ThatAnotherHandHasTakenStayWithItAndAreNamed) {
    core.set_vfs(kCardName, 3);
    give(1, "vfio-pci", "vfio-pci");
    ASSERT_EQ(note(), kDone);
    give(0, "vfio-pci", "vfio-pci");
    give(1, "", "none");
    give(2, "nvme", "nvme");

    EXPECT_EQ(restore(), done_but("0000:01:00.1 has driver vfio-pci in place of nvme; "
                                  "0000:01:00.2 has no driver in place of vfio-pci; "
                                  "0000:01:00.3 has driver_override nvme in place of none"));
    EXPECT_EQ(whose(0), "vfio-pci|vfio-pci");
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(VirtualFunctions, ThatAreTooManyToNameAreCounted) {
    core.set_vfs(kCardName, 7);
    for (unsigned index = 0; index < 7; ++index) {
        give(index, "vfio-pci", "vfio-pci");
    }
    ASSERT_EQ(note(), kDone);
    for (unsigned index = 0; index < 7; ++index) {
        give(index, "", "none");
    }

    const Outcome restored = restore();

    EXPECT_LE(restored.context.size(), 255U);
    EXPECT_TRUE(restored.context.ends_with("; 2 more")) << restored.context;
}

TEST_F(VirtualFunctions, OfAnotherNumberAreReplaced) {
    core.set_vfs(kCardName, 3);
    ASSERT_EQ(note(), kDone);
    lose();
    core.set_vfs(kCardName, 1);

    EXPECT_EQ(restore(), kDone);

    EXPECT_EQ(whose(2), "nvme|");
}

// Taking a VF away that somebody has open waits for that somebody, with the kernel's global lock.
TEST_F(VirtualFunctions, OfAnotherNumberStayWhileOneBelongsToVfio) {
    core.set_vfs(kCardName, 3);
    ASSERT_EQ(note(), kDone);
    lose();
    core.set_vfs(kCardName, 1);
    give(0, "vfio-pci", "vfio-pci");

    EXPECT_EQ(restore(),
              (Outcome{OutcomeKind::Failed, 0,
                       "0000:01:00.0 has 1 virtual functions in place of 3, some with vfio-pci: "
                       "they stay",
                       std::nullopt}));
    EXPECT_EQ(whose(0), "vfio-pci|vfio-pci");
    EXPECT_EQ(closed().size(), 1U);
}

// The step may have been tried before, and what is there now be what it left.
TEST_F(VirtualFunctions, KeepTheirFirstNoteWhileTheyAreLost) {
    core.set_vfs(kCardName, 2);
    ASSERT_EQ(note(), kDone);
    lose();

    EXPECT_EQ(note().kind, OutcomeKind::AlreadySo);
    EXPECT_EQ(restore(), kDone);

    EXPECT_EQ(whose(1), "nvme|");
}

TEST_F(VirtualFunctions, AreNotedAfreshWhereAnotherHandMadeOthers) {
    core.set_vfs(kCardName, 2);
    ASSERT_EQ(note(), kDone);
    core.set_vfs(kCardName, 1);

    EXPECT_EQ(note(), kDone);

    EXPECT_EQ(closed(), (std::vector<os::Gate>{os::VfsGate{kPort, kCard, true, {{"nvme", ""}}}}));
}

TEST_F(VirtualFunctions, OfACardThatHasGoneLeaveTheRecord) {
    core.set_vfs(kCardName, 2);
    ASSERT_EQ(note(), kDone);
    lose();
    sysfs.remove(kCardName);

    EXPECT_EQ(restore().kind, OutcomeKind::Gone);
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(VirtualFunctions, OfACardWithoutThemInItsPlaceLeaveTheRecord) {
    core.set_vfs(kCardName, 2);
    ASSERT_EQ(note(), kDone);
    sysfs.tree().files().remove(sysfs.file_of(kCardName, "sriov_numvfs"));

    EXPECT_EQ(restore(),
              (Outcome{OutcomeKind::Gone, 0, "0000:01:00.0 has no SR-IOV by now", std::nullopt}));
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(VirtualFunctions, AreNotMadeByAWorkerThatNobodyWaitsForAnyMore) {
    core.set_vfs(kCardName, 2);
    ASSERT_EQ(note(), kDone);
    lose();
    called_off = true;

    EXPECT_EQ(restore().kind, OutcomeKind::Failed);
    EXPECT_EQ(sysfs.attribute(kCardName, "sriov_numvfs"), "0\n");
    EXPECT_EQ(closed().size(), 1U);
}

TEST_F(VirtualFunctions, WithADriverThatCannotBeNotedAreRefused) {
    core.set_vfs(kCardName, 1);
    give(0, "", std::string(64, 'x'));

    EXPECT_EQ(note(), (Outcome{OutcomeKind::Refused, 0,
                               "the driver or driver_override of virtual function 0 of "
                               "0000:01:00.0 cannot be noted",
                               std::nullopt}));
}

}  // namespace
}  // namespace slotd::executor
