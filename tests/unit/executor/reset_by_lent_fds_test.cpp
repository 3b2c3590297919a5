#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/vfio.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "daemon/executor/crash_points.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/job.hpp"
#include "daemon/executor/port_sample.hpp"
#include "event/outcome.hpp"
#include "os/sysfs_dir.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio.hpp"
#include "os/vfio_calls.hpp"
#include "pci/address.hpp"
#include "tests/fakes/fake_driver_core.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/fake_vfio.hpp"

namespace slotd::executor {
namespace {

using event::Outcome;
using event::OutcomeKind;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
const std::string kFirstName = "0000:01:00.0";
const std::string kSecondName = "0000:01:00.1";
const Outcome kDone{OutcomeKind::Done, 0, "", std::nullopt};

Outcome refused_with(const std::string& why, int os_errno = 0) {
    return {OutcomeKind::Refused, os_errno, why, std::nullopt};
}

/// Two functions of a virtual machine, each in a group of its own, and a card elsewhere.
struct ResetByLentFds : testing::Test {
    ResetByLentFds() : core(sysfs, {"e1000e", "vfio-pci"}), vfio(sysfs.root()) {
        sysfs.root_port("0000:00:1c.0", 1, 5);
        sysfs.card("0000:00:1c.0", kFirstName);
        sysfs.card("0000:00:1c.0", kSecondName);
        sysfs.root_port("0000:00:1d.0", 2, 6);
        sysfs.card("0000:00:1d.0", "0000:02:00.0");
        fakes::FakeVfio::add_group(sysfs, 7, {kFirstName});
        fakes::FakeVfio::add_group(sysfs, 9, {kSecondName});
        fakes::FakeVfio::add_group(sysfs, 12, {"0000:02:00.0"});
        fakes::FakeVfio::add_cdev(sysfs, 3, kSecondName, true);
        fakes::FakeVfio::add_cdev(sysfs, 4, kFirstName, false);
        fakes::FakeVfio::add_cdev(sysfs, 5, "0000:02:00.0", true);
        for (const std::string& name : {kFirstName, kSecondName}) {
            core.give(name, "vfio-pci", "vfio-pci");
        }
    }

    Outcome reset(std::vector<os::UniqueFd> lent) {
        const Hands hands(
            os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
            [this] { return called_off; }, vfio);
        return perform(hands, sampled, action::Effect{action::ResetByLentFds{kPort, 1}},
                       std::move(lent));
    }

    /// As its owner has it: in a container, with an IOMMU.
    os::UniqueFd group(const std::string& name) {
        os::UniqueFd fd = os::open_group(vfio, name).value();
        EXPECT_TRUE(os::join_container(vfio, fd, os::open_container(vfio).value()));
        return fd;
    }

    os::UniqueFd file(const std::string& name) const {
        return os::UniqueFd{::open((sysfs.root() + "/" + name).c_str(), O_RDWR)};
    }

    /// By another hand, to its host driver.
    void rebind_second() const {
        core.give(kSecondName, "e1000e", "");
        sysfs.tree().files().remove(sysfs.file_of(kSecondName, "vfio-dev"));
    }

    template <class... Fds>
    static std::vector<os::UniqueFd> lend(Fds... fds) {
        std::vector<os::UniqueFd> lent;
        (lent.push_back(std::move(fds)), ...);
        return lent;
    }

    /// Descriptors of this process that are open on something of VFIO.
    std::size_t open_ones() const {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code error;
            const auto target = std::filesystem::read_symlink(entry.path(), error).string();
            count += target.starts_with(sysfs.root() + "/dev/vfio/") ? 1 : 0;
        }
        return count;
    }

    void expect_nothing_reset_and_all_closed() const {
        EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "");
        EXPECT_EQ(open_ones(), 0U);
    }

    fakes::FakeSysfs sysfs;
    fakes::FakeDriverCore core;
    fakes::FakeVfio vfio;
    SampledPorts sampled;
    CrashPoints crash{0, CrashVictim::Worker};
    bool called_off = false;
};

TEST_F(ResetByLentFds, ResetsWithTheGroupsOfAllFunctionsAndClosesThem) {
    EXPECT_EQ(reset(lend(group("9"), group("7"))), kDone);

    EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "0000:01:00.0 by groups 9 7\n");
    EXPECT_EQ(open_ones(), 0U);
    EXPECT_EQ(core.whose(kFirstName), "vfio-pci|vfio-pci");
}

TEST_F(ResetByLentFds, ResetsWithOneFunctionOpenedByItsOwnNode) {
    EXPECT_EQ(reset(lend(file("dev/vfio/devices/vfio3"))), kDone);

    EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "0000:01:00.1 by its owner\n");
    EXPECT_EQ(open_ones(), 0U);
}

TEST_F(ResetByLentFds, NamesTheGroupThatIsMissing) {
    EXPECT_EQ(reset(lend(group("7"))),
              refused_with("group 9 of 0000:01:00.1 is not among what was lent"));
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, NamesTheGroupThatIsOfAnotherSlot) {
    EXPECT_EQ(reset(lend(group("7"), group("9"), group("12"))),
              refused_with("group 12 was lent, and nothing below 0000:00:1c.0 is in it"));
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, TakesEachGroupOnce) {
    os::UniqueFd seven = group("7");
    os::UniqueFd again{::fcntl(seven.get(), F_DUPFD_CLOEXEC, 0)};

    EXPECT_EQ(reset(lend(std::move(seven), group("9"), std::move(again))),
              refused_with("group 7 was lent twice"));
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, RefusesWhatIsNoGroup) {
    for (const char* const name : {"dev/vfio/vfio", "dev/vfio/device-0000:01:00.0", "bus"}) {
        os::UniqueFd other = std::string(name) == "bus"
                                 ? os::UniqueFd{::open(sysfs.root().c_str(), O_RDONLY)}
                                 : file(name);
        EXPECT_EQ(reset(lend(group("7"), std::move(other))),
                  refused_with("descriptor 2 of 2 is neither a VFIO group nor a function opened by "
                               "its own node"));
        expect_nothing_reset_and_all_closed();
    }
}

TEST_F(ResetByLentFds, RefusesAFunctionsNodeBesideAnythingElse) {
    EXPECT_EQ(reset(lend(file("dev/vfio/devices/vfio3"), group("7"))).kind, OutcomeKind::Refused);
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, RefusesAFunctionsNodeOfAnotherSlot) {
    EXPECT_EQ(reset(lend(file("dev/vfio/devices/vfio5"))),
              refused_with("0000:02:00.0 was lent, and is not below 0000:00:1c.0"));
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, NamesAFunctionThatItsOwnerDoesNotOwn) {
    vfio.not_owned = {kFirstName};

    EXPECT_EQ(reset(lend(file("dev/vfio/devices/vfio3"))),
              refused_with("0000:01:00.0 belongs to another owner than the lent descriptor"));
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, SaysThatAFunctionsNodeIsBoundToNothing) {
    EXPECT_EQ(reset(lend(file("dev/vfio/devices/vfio4"))),
              refused_with("ask VFIO what a hot reset affects: the descriptor is bound to no "
                           "iommufd; bind it before it is lent",
                           EINVAL));
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, SaysThatAGroupHasNoContainer) {
    EXPECT_EQ(reset(lend(os::open_group(vfio, "7").value(), group("9"))),
              refused_with("open the function through VFIO: the group has no container with an "
                           "IOMMU; set one up before it is lent",
                           EINVAL));
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, NamesAFunctionThatAHostDriverHas) {
    rebind_second();

    EXPECT_EQ(reset(lend(group("7"), group("9"))),
              refused_with("0000:01:00.1 has driver e1000e and not vfio-pci: bind it before its "
                           "slot is lent"));
    EXPECT_EQ(core.whose(kSecondName), "e1000e|");
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, ResetsNothingWhereTheKernelWouldResetMore) {
    vfio.affected = std::vector<std::string>{kFirstName, kSecondName, "0000:02:00.0"};

    EXPECT_EQ(reset(lend(group("7"), group("9"))),
              refused_with("the reset would hit 0000:02:00.0 too"));
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, ClosesEverythingWhateverTheKernelAnswers) {
    for (const unsigned long step : {VFIO_GROUP_GET_DEVICE_FD, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
                                     VFIO_DEVICE_PCI_HOT_RESET}) {
        for (const int os_errno : {EBUSY, EPERM, ENODEV, EXDEV}) {
            vfio.fail(step, os_errno);
            EXPECT_EQ(reset(lend(group("7"), group("9"))).os_errno, os_errno);
            expect_nothing_reset_and_all_closed();
        }
    }
    called_off = true;
    EXPECT_EQ(reset(lend(group("7"), group("9"))).kind, OutcomeKind::Failed);
    expect_nothing_reset_and_all_closed();
}

TEST_F(ResetByLentFds, TellsACauseOfEinvalByTheDrivers) {
    struct Rebound final : os::VfioCalls {
        int open(const std::string& name) const override { return below.open(name); }

        int ioctl(int fd, unsigned long request, void* argument) const override {
            if (request == VFIO_DEVICE_PCI_HOT_RESET) {
                rebind();  // somebody was faster
            }
            return below.ioctl(fd, request, argument);
        }

        std::optional<os::DeviceNumber> number_of(int fd) const override {
            return below.number_of(fd);
        }

        Rebound(const fakes::FakeVfio& calls, std::function<void()> other)
            : below(calls),
              rebind(std::move(other)) {}

        const fakes::FakeVfio& below;
        std::function<void()> rebind;
    } const rebound(vfio, [this] { rebind_second(); });

    const Hands hands(
        os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash, [] { return false; },
        rebound);
    const Outcome answer = perform(hands, sampled, action::Effect{action::ResetByLentFds{kPort, 1}},
                                   lend(group("7"), group("9")));

    EXPECT_EQ(answer, refused_with("hot reset by VFIO: 0000:01:00.1 has driver e1000e; bind it to "
                                   "vfio-pci",
                                   EINVAL));
}

}  // namespace
}  // namespace slotd::executor
