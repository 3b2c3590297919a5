#include <gtest/gtest.h>
#include <linux/vfio.h>

#include <cerrno>
#include <string>
#include <utility>
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
#include "os/unique_fd.hpp"
#include "pci/address.hpp"
#include "tests/fakes/fake_driver_core.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/fake_vfio.hpp"

namespace slotd::executor {
namespace {

using event::Outcome;
using event::OutcomeKind;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kFirst{0, 1, 0, 0};
constexpr pci::Address kSecond{0, 1, 0, 1};
const std::string kFirstName = "0000:01:00.0";
const std::string kSecondName = "0000:01:00.1";
const Outcome kDone{OutcomeKind::Done, 0, "", std::nullopt};

Outcome refused_with(const std::string& why, int os_errno = 0) {
    return {OutcomeKind::Refused, os_errno, why, std::nullopt};
}

Outcome failed_with(const std::string& why, int os_errno = 0) {
    return {OutcomeKind::Failed, os_errno, why, std::nullopt};
}

struct ResetByVfio : testing::Test {
    ResetByVfio() : core(sysfs, {"e1000e", "nvme", "vfio-pci"}), vfio(sysfs.root()) {
        sysfs.root_port("0000:00:1c.0", 1, 5);
        for (const std::string& name : {kFirstName, kSecondName}) {
            sysfs.card("0000:00:1c.0", name);
        }
        fakes::FakeVfio::add_group(sysfs, 7, {kFirstName, kSecondName});
    }

    Outcome perform(const Job& job) {
        const Hands hands(
            os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
            [this] { return called_off; }, vfio);
        return executor::perform(hands, sampled, job);
    }

    Outcome reset() { return perform(action::ResetByVfio{kPort}); }

    std::vector<os::Gate> closed() const {
        return os::GateRecord(sysfs.state_dir()).load().value().gates;
    }

    /// Both functions are as they were, and nothing was reset by VFIO.
    void expect_given_back() const {
        EXPECT_EQ(core.whose(kFirstName), "e1000e|");
        EXPECT_EQ(core.whose(kSecondName), "e1000e|");
        EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "");
        EXPECT_EQ(closed(), std::vector<os::Gate>{});
    }

    fakes::FakeSysfs sysfs;
    fakes::FakeDriverCore core;
    fakes::FakeVfio vfio;
    SampledPorts sampled;
    CrashPoints crash{0, CrashVictim::Worker};
    bool called_off = false;
};

TEST_F(ResetByVfio, ResetsAllFunctionsAndGivesThemBack) {
    EXPECT_EQ(reset(), kDone);

    EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "0000:01:00.0 by groups 7\n");
    EXPECT_EQ(core.whose(kFirstName), "e1000e|");
    EXPECT_EQ(core.whose(kSecondName), "e1000e|");
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(ResetByVfio, TakesEachGroupOnce) {
    fakes::FakeVfio::add_group(sysfs, 9, {});
    sysfs.tree().files().remove(sysfs.file_of(kSecondName, "iommu_group"));
    sysfs.tree().files().link(sysfs.file_of(kSecondName, "iommu_group"),
                              "../../../../kernel/iommu_groups/9");

    EXPECT_EQ(reset(), kDone);

    EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "0000:01:00.0 by groups 7 9\n");
}

TEST_F(ResetByVfio, GivesAFunctionWithoutDriverBackToNobody) {
    core.give(kSecondName, "", "none");

    EXPECT_EQ(reset(), kDone);

    EXPECT_EQ(core.whose(kFirstName), "e1000e|");
    EXPECT_EQ(core.whose(kSecondName), "|none");
}

// Unbinding a function that somebody has open blocks the machine's hot-plug.
TEST_F(ResetByVfio, NeverTouchesAFunctionThatBelongsToVfio) {
    core.give(kSecondName, "vfio-pci", "vfio-pci");

    EXPECT_EQ(reset(), refused_with("0000:01:00.1 belongs to VFIO already (group 7): its owner has "
                                    "to reset it, or to lend its descriptors"));
    EXPECT_EQ(core.whose(kFirstName), "e1000e|");
    EXPECT_EQ(core.whose(kSecondName), "vfio-pci|vfio-pci");
}

TEST_F(ResetByVfio, NeverTouchesAFunctionOfAVariantOfVfio) {
    core.give(kSecondName, "mlx5_vfio_pci", "");
    sysfs.tree().files().make_dir(sysfs.file_of(kSecondName, "vfio-dev/vfio0"));

    EXPECT_EQ(reset().kind, OutcomeKind::Refused);
    EXPECT_EQ(core.whose(kSecondName), "mlx5_vfio_pci|");
}

TEST_F(ResetByVfio, NeverTouchesAFunctionThatSomebodyIsAboutToTake) {
    core.give(kSecondName, "e1000e", "vfio-pci");

    EXPECT_EQ(reset(), refused_with("0000:01:00.1 has driver_override vfio-pci, which is not its "
                                    "driver: somebody is about to take it"));
}

TEST_F(ResetByVfio, SaysWhatToLoad) {
    sysfs.tree().files().remove("bus/pci/drivers/vfio-pci");

    EXPECT_EQ(reset(), refused_with("vfio-pci is not loaded; modprobe vfio-pci"));
    expect_given_back();
}

TEST_F(ResetByVfio, SaysThatTheIommuIsOff) {
    sysfs.tree().files().remove(sysfs.file_of(kFirstName, "iommu_group"));

    EXPECT_EQ(reset(), refused_with("0000:01:00.0 has no IOMMU group: boot with intel_iommu=on or "
                                    "what the machine has in its place; VFIO's noiommu mode is not "
                                    "used"));
    expect_given_back();
}

TEST_F(ResetByVfio, NamesFunctionsOutsideTheSlotThatShareAGroup) {
    sysfs.root_port("0000:00:1d.0", 2, 6);
    sysfs.card("0000:00:1d.0", "0000:02:00.0");
    fakes::FakeVfio::add_group(sysfs, 7, {"0000:00:1d.0", "0000:02:00.0"});

    EXPECT_EQ(reset(), refused_with("not viable: outside the slot and in the same IOMMU group: "
                                    "0000:02:00.0"));
    expect_given_back();
}

TEST_F(ResetByVfio, RefusesASwitch) {
    sysfs.upstream_port("0000:00:1c.0", "0000:01:00.2", 2);

    EXPECT_EQ(reset(), refused_with("0000:01:00.2 is a bridge, which VFIO cannot reset"));
}

TEST_F(ResetByVfio, OfAnEmptySlotIsGone) {
    sysfs.remove(kFirstName);
    sysfs.remove(kSecondName);

    EXPECT_EQ(reset().kind, OutcomeKind::Gone);
}

TEST_F(ResetByVfio, ResetsNothingWhereTheKernelWouldResetMore) {
    sysfs.root_port("0000:00:1d.0", 2, 6);
    sysfs.card("0000:00:1d.0", "0000:02:00.0");
    vfio.affected = std::vector<std::string>{kFirstName, kSecondName, "0000:02:00.0"};

    EXPECT_EQ(reset(), failed_with("the reset would hit 0000:02:00.0 too"));
    expect_given_back();
}

TEST_F(ResetByVfio, ResetsNothingWhereTheKernelWouldResetLess) {
    vfio.affected = std::vector<std::string>{kFirstName};

    EXPECT_EQ(reset(), failed_with("the reset would not reach 0000:01:00.1"));
    expect_given_back();
}

TEST_F(ResetByVfio, GivesEverythingBackWhateverTheKernelAnswers) {
    for (const int os_errno : {EBUSY, EAGAIN, ENOTTY, EINVAL, EPERM, ENODEV, ENOMEM, EXDEV}) {
        vfio.fail(VFIO_DEVICE_PCI_HOT_RESET, os_errno);

        const Outcome answer = reset();

        EXPECT_FALSE(answer.succeeded());
        EXPECT_EQ(answer.os_errno, os_errno);
        EXPECT_TRUE(answer.context.starts_with("hot reset by VFIO: ")) << answer.context;
        expect_given_back();
    }
    for (const unsigned long step :
         {VFIO_GROUP_SET_CONTAINER, VFIO_SET_IOMMU, VFIO_GROUP_GET_DEVICE_FD,
          VFIO_DEVICE_GET_PCI_HOT_RESET_INFO}) {
        vfio.fail(step, ENODEV);
        EXPECT_EQ(reset().os_errno, ENODEV);
        expect_given_back();
    }
    vfio.fail_open("vfio", ENOENT);
    EXPECT_EQ(reset(), failed_with("open the VFIO container: VFIO is not loaded; modprobe vfio-pci",
                                   ENOENT));
    expect_given_back();
}

// Refused says that nothing was touched: slotctl tells it by its exit status.
TEST_F(ResetByVfio, RefusesNothingOnceAFunctionHasLeftItsDriver) {
    for (const unsigned long step :
         {VFIO_GROUP_SET_CONTAINER, VFIO_SET_IOMMU, VFIO_GROUP_GET_DEVICE_FD,
          VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, VFIO_DEVICE_PCI_HOT_RESET}) {
        vfio.fail(step, EPERM);

        EXPECT_EQ(reset().kind, OutcomeKind::Failed) << step;
    }
}

TEST_F(ResetByVfio, DropsVirtualFunctionsThatAreNotedAndNoOthers) {
    sysfs.remove(kSecondName);  // the first virtual function has its address
    core.physical(kFirstName, "nvme");
    core.set_vfs(kFirstName, 2);

    EXPECT_EQ(reset(), refused_with("0000:01:00.0 has 2 virtual functions that were not noted"));
    ASSERT_EQ(perform(action::NoteVfs{kPort}), kDone);
    EXPECT_EQ(reset(), kDone);
    EXPECT_EQ(sysfs.attribute(kFirstName, "sriov_numvfs"), "0");
    EXPECT_EQ(perform(action::RestoreVfs{kPort}), kDone);
    EXPECT_EQ(core.whose("0000:01:00.2"), "nvme|");
}

TEST_F(ResetByVfio, DropsNoVirtualFunctionsUnlessThoseOfAllAreNoted) {
    const std::string third = "0000:01:00.5";
    sysfs.remove(kSecondName);
    sysfs.card("0000:00:1c.0", third);
    fakes::FakeVfio::add_group(sysfs, 7, {third});
    core.physical(kFirstName, "nvme");
    core.set_vfs(kFirstName, 1);
    ASSERT_EQ(perform(action::NoteVfs{kPort}), kDone);
    sysfs.set_attribute(third, "sriov_numvfs", "1\n");

    EXPECT_EQ(reset(), refused_with("0000:01:00.5 has 1 virtual functions that were not noted"));
    EXPECT_EQ(sysfs.attribute(kFirstName, "sriov_numvfs"), "1");
}

TEST_F(ResetByVfio, TakesBackFirstWhatAKilledWorkerLeft) {
    const os::DriverGate left{kPort, kSecond, {"e1000e", ""}};
    ASSERT_TRUE(os::GateRecord(sysfs.state_dir()).note_closed(left));
    core.give(kSecondName, "vfio-pci", "vfio-pci");

    EXPECT_EQ(reset(), kDone);

    EXPECT_EQ(core.whose(kSecondName), "e1000e|");
}

TEST_F(ResetByVfio, DoesNothingForSomebodyWhoHasGone) {
    called_off = true;

    EXPECT_EQ(reset().kind, OutcomeKind::Failed);
    expect_given_back();
}

// The gate of a function after a crash.
struct DriverGate : ResetByVfio {
    const os::DriverGate gate{kPort, kFirst, {"e1000e", ""}};

    void close(const std::string& driver, const std::string& driver_override) {
        ASSERT_TRUE(os::GateRecord(sysfs.state_dir()).note_closed(gate));
        core.give(kFirstName, driver, driver_override);
    }
};

TEST_F(DriverGate, IsOpenedFromWhereverItsClosingStopped) {
    for (const auto& [driver, driver_override] :
         std::vector<std::pair<std::string, std::string>>{{"e1000e", ""},
                                                          {"e1000e", "vfio-pci"},
                                                          {"", "vfio-pci"},
                                                          {"vfio-pci", "vfio-pci"},
                                                          {"vfio-pci", ""},
                                                          {"", ""}}) {
        close(driver, driver_override);

        EXPECT_TRUE(perform(os::Gate{gate}).succeeded());

        EXPECT_EQ(core.whose(kFirstName), "e1000e|");
        EXPECT_EQ(closed(), std::vector<os::Gate>{});
    }
}

TEST_F(DriverGate, LeavesAFunctionAloneThatAnotherHandHasGivenAway) {
    for (const auto& [driver, driver_override] : std::vector<std::pair<std::string, std::string>>{
             {"nvme", ""}, {"nvme", "nvme"}, {"", "none"}, {"e1000e", "e1000e"}}) {
        close(driver, driver_override);

        EXPECT_EQ(perform(os::Gate{gate}).kind, OutcomeKind::Gone);

        EXPECT_EQ(core.whose(kFirstName), driver + "|" + driver_override);
        EXPECT_EQ(closed(), std::vector<os::Gate>{});
    }
}

TEST_F(DriverGate, StaysWhileSomebodyHasTheFunctionOpen) {
    close("vfio-pci", "vfio-pci");
    const int held = vfio.open("7");
    ASSERT_GE(held, 0);

    const Outcome answer = perform(os::Gate{gate});

    EXPECT_EQ(answer, (Outcome{OutcomeKind::Failed, EBUSY,
                               "0000:01:00.0 is in use through VFIO: it goes back to its driver "
                               "when that process has ended",
                               std::nullopt}));
    EXPECT_EQ(core.whose(kFirstName), "vfio-pci|vfio-pci");
    EXPECT_EQ(closed(), std::vector<os::Gate>{gate});

    const os::UniqueFd released{held};
}

TEST_F(DriverGate, OfADriverThatWasUnloadedLeavesTheRecord) {
    close("vfio-pci", "vfio-pci");
    sysfs.tree().files().remove("bus/pci/drivers/e1000e");

    EXPECT_EQ(perform(os::Gate{gate}),
              (Outcome{OutcomeKind::Gone, 0,
                       "e1000e is not loaded any more, 0000:01:00.0 stays without driver",
                       std::nullopt}));
    EXPECT_EQ(core.whose(kFirstName), "|");
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

TEST_F(DriverGate, OfAFunctionThatHasGoneLeavesTheRecord) {
    close("vfio-pci", "vfio-pci");
    sysfs.remove(kFirstName);

    EXPECT_EQ(perform(os::Gate{gate}).kind, OutcomeKind::Gone);
    EXPECT_EQ(closed(), std::vector<os::Gate>{});
}

}  // namespace
}  // namespace slotd::executor
