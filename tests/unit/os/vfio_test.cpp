#include "os/vfio.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/vfio.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio_answers.hpp"
#include "pci/address.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/fake_vfio.hpp"

namespace slotd::os {
namespace {

constexpr pci::Address kFirst{0, 1, 0, 0};
constexpr pci::Address kSecond{0, 1, 0, 1};

struct Vfio : testing::Test {
    Vfio() : vfio(sysfs.root()) {
        sysfs.root_port("0000:00:1c.0", 1, 5);
        for (const std::string& name : names) {
            sysfs.card("0000:00:1c.0", name);
            sysfs.tree().files().remove(sysfs.file_of(name, "driver"));
            sysfs.tree().files().link(sysfs.file_of(name, "driver"),
                                      "../../../../bus/pci/drivers/vfio-pci");
        }
        fakes::FakeVfio::add_group(sysfs, 7, names);
        fakes::FakeVfio::add_cdev(sysfs, 3, names[0], true);
        fakes::FakeVfio::add_cdev(sysfs, 4, names[1], false);
    }

    /// A function of an open group in a container with an IOMMU.
    UniqueFd device() {
        container = open_container(vfio).value();
        groups.push_back(open_group(vfio, "7").value());
        EXPECT_TRUE(join_container(vfio, groups[0], container));
        EXPECT_TRUE(set_iommu(vfio, container));
        return open_device(vfio, groups[0], kFirst).value();
    }

    UniqueFd cdev(const std::string& name) {
        return UniqueFd{::open((sysfs.root() + "/dev/vfio/devices/" + name).c_str(), O_RDWR)};
    }

    const std::vector<std::string> names{"0000:01:00.0", "0000:01:00.1"};
    fakes::FakeSysfs sysfs;
    fakes::FakeVfio vfio;
    UniqueFd container;
    std::vector<UniqueFd> groups;
};

TEST_F(Vfio, SaysWhatAHotResetAffectsAndDoesIt) {
    const UniqueFd function = device();

    EXPECT_EQ(hot_reset_info(vfio, function),
              (HotResetInfo{false, false, {{kFirst, 7}, {kSecond, 7}}}));
    EXPECT_TRUE(hot_reset(vfio, function, groups));
    EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "0000:01:00.0 by groups 7\n");
}

TEST_F(Vfio, SaysForAFunctionsOwnNodeWhoOwnsTheOthers) {
    const UniqueFd function = cdev("vfio3");

    EXPECT_EQ(hot_reset_info(vfio, function),
              (HotResetInfo{true, true, {{kFirst, 0}, {kSecond, 1}}}));
    EXPECT_TRUE(hot_reset(vfio, function, {}));
    EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "0000:01:00.0 by its owner\n");

    vfio.not_owned = {"0000:01:00.1"};
    EXPECT_EQ(hot_reset_info(vfio, function),
              (HotResetInfo{true, false, {{kFirst, 0}, {kSecond, 0xffffffff}}}));
}

TEST_F(Vfio, SaysThatAFunctionsOwnNodeHasNoIommufd) {
    const auto info = hot_reset_info(vfio, cdev("vfio4"));

    ASSERT_FALSE(info);
    EXPECT_EQ(info.error(), vfio_error(VfioStep::AskResetInfo, EINVAL));
}

TEST_F(Vfio, AsksAgainWhileFunctionsAreAdded) {
    const UniqueFd function = device();
    vfio.grows_by = 1;  // room for n was asked for, n + 1 are there

    const auto info = hot_reset_info(vfio, function);

    ASSERT_FALSE(info);
    EXPECT_EQ(info.error(), vfio_error(VfioStep::AskResetInfo, ENOSPC));

    vfio.grows_by = 0;
    EXPECT_TRUE(hot_reset_info(vfio, function));
}

TEST_F(Vfio, AsksOnceMoreWhereTheFunctionsChangedMeanwhile) {
    const UniqueFd function = device();
    vfio.fail(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, EAGAIN);

    EXPECT_TRUE(hot_reset_info(vfio, function));

    vfio.fail(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, EAGAIN, 4);
    const auto info = hot_reset_info(vfio, function);
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error(), vfio_error(VfioStep::AskResetInfo, EAGAIN));
}

TEST_F(Vfio, BelievesNoCountThatCannotBe) {
    const UniqueFd function = device();

    vfio.count = 0xffffffff;

    const auto info = hot_reset_info(vfio, function);
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().kind, ErrorKind::Malformed);
}

TEST_F(Vfio, TakesNoMoreThanItGaveRoomFor) {
    const UniqueFd function = device();
    vfio.affected = std::vector<std::string>{};
    vfio.count = 1;

    const auto info = hot_reset_info(vfio, function);

    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().kind, ErrorKind::Malformed);
}

TEST_F(Vfio, OpensAGroupOnce) {
    const UniqueFd first = open_group(vfio, "7").value();

    const auto second = open_group(vfio, "7");

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), vfio_error(VfioStep::OpenGroup, EBUSY));
}

TEST_F(Vfio, PutsNoGroupIntoAContainerThatAHostDriverHasPartOf) {
    container = open_container(vfio).value();
    const UniqueFd group = open_group(vfio, "7").value();
    vfio.viable = false;

    EXPECT_EQ(join_container(vfio, group, container).error(),
              vfio_error(VfioStep::JoinContainer, EPERM));
}

TEST_F(Vfio, GivesEveryErrnoOfAHotResetItsOwnSentence) {
    const UniqueFd function = device();
    for (const VfioAnswer& answer : vfio_answers()) {
        if (answer.step == VfioStep::HotReset) {
            vfio.fail(VFIO_DEVICE_PCI_HOT_RESET, answer.os_errno);
            EXPECT_EQ(hot_reset(vfio, function, groups).error(),
                      (Error{answer.kind, answer.os_errno,
                             "hot reset by VFIO: " + std::string(answer.says)}));
        }
        if (answer.step == VfioStep::AskResetInfo && answer.os_errno != ENOSPC &&
            answer.os_errno != EAGAIN) {
            vfio.fail(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, answer.os_errno);
            EXPECT_EQ(hot_reset_info(vfio, function).error(),
                      (Error{answer.kind, answer.os_errno,
                             "ask VFIO what a hot reset affects: " + std::string(answer.says)}));
        }
    }
    EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "");
}

TEST_F(Vfio, GivesEveryErrnoOnTheWayToAFunctionItsOwnSentence) {
    for (const VfioAnswer& answer : vfio_answers()) {
        if (answer.step == VfioStep::OpenContainer) {
            vfio.fail_open("vfio", answer.os_errno);
            EXPECT_EQ(open_container(vfio).error(), vfio_error(answer.step, answer.os_errno));
        }
        if (answer.step == VfioStep::OpenGroup) {
            vfio.fail_open("7", answer.os_errno);
            EXPECT_EQ(open_group(vfio, "7").error(), vfio_error(answer.step, answer.os_errno));
        }
    }
    container = open_container(vfio).value();
    const UniqueFd group = open_group(vfio, "7").value();
    for (const VfioAnswer& answer : vfio_answers()) {
        const Error error = vfio_error(answer.step, answer.os_errno);
        if (answer.step == VfioStep::JoinContainer) {
            vfio.fail(VFIO_GROUP_SET_CONTAINER, answer.os_errno);
            EXPECT_EQ(join_container(vfio, group, container).error(), error);
        }
        if (answer.step == VfioStep::SetIommu) {
            vfio.fail(VFIO_SET_IOMMU, answer.os_errno);
            EXPECT_EQ(set_iommu(vfio, container).error(), error);
        }
        if (answer.step == VfioStep::OpenDevice) {
            vfio.fail(VFIO_GROUP_GET_DEVICE_FD, answer.os_errno);
            EXPECT_EQ(open_device(vfio, group, kFirst).error(), error);
        }
    }
}

TEST(VfioAnswers, AreShortEnoughForAnOutcomeAndOfOneKindEach) {
    std::set<std::pair<VfioStep, int>> seen;
    for (const VfioAnswer& answer : vfio_answers()) {
        EXPECT_LE(vfio_error(answer.step, answer.os_errno).context.size(), 160U);
        EXPECT_TRUE(seen.emplace(answer.step, answer.os_errno).second) << answer.says;
    }
}

TEST(VfioAnswers, AreTheTableOfTheDocumentation) {
    std::ifstream file(std::string(SLOTD_SOURCE_DIR) + "/docs/vfio.md");
    const std::string page(std::istreambuf_iterator<char>(file), {});
    std::string table;
    for (const VfioAnswer& answer : vfio_answers()) {
        table += fmt::format(
            "| {} | {} | {} | {} |\n", to_text(answer.step), ::strerrorname_np(answer.os_errno),
            answer.kind == ErrorKind::Unsupported ? "refused" : "failed", answer.says);
    }

    EXPECT_TRUE(page.contains(table)) << table;
}

TEST(VfioAnswers, SayWhatIsNotKnown) {
    EXPECT_EQ(
        vfio_error(VfioStep::HotReset, EXDEV),
        (Error{ErrorKind::Io, EXDEV,
               "hot reset by VFIO: the kernel gave an errno that slotd does not know there"}));
}

}  // namespace
}  // namespace slotd::os
