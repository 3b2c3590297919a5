#include "os/uevent_monitor.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/kernel_event.hpp"
#include "pci/address.hpp"
#include "tests/fakes/uevent_namespace.hpp"

namespace slotd::os {
namespace {

using event::KernelEvent;

constexpr pci::Address kCard{0, 0x01, 0x00, 0};
constexpr pci::Address kPort{0, 0x00, 0x1c, 0};
const std::string kPortPath = "/devices/pci0000:00/0000:00:1c.0";
const std::string kCardPath = kPortPath + "/0000:01:00.0";

std::string property(const std::string& text) {
    return text + '\0';
}

const std::string kPci = property("SUBSYSTEM=pci") + property("PCI_SLOT_NAME=0000:01:00.0");

/// The real socket of the real kernel, in a network namespace of this test's own.
class UeventMonitorTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!space_.entered()) {
            GTEST_SKIP() << "needs root: a network namespace of its own to send uevents into";
        }
        listen(UeventMonitor::kReceiveBufferBytes);
    }

    void listen(int buffer_bytes) {
        auto monitor = UeventMonitor::open(buffer_bytes);
        ASSERT_TRUE(monitor) << monitor.error().message();
        monitor_.emplace(std::move(*monitor));
    }

    bool is_readable() const {
        pollfd ready{.fd = monitor_->fd(), .events = POLLIN, .revents = 0};
        return ::poll(&ready, 1, 0) == 1;
    }

    /// Everything that comes of one turn.
    std::vector<KernelEvent> turn() {
        std::vector<KernelEvent> events;
        monitor_->readable([&](const KernelEvent& event) { events.push_back(event); });
        return events;
    }

    /// Everything that comes until nothing is readable: libudev ends a turn at a message that it
    /// does not believe.
    std::vector<KernelEvent> turns() {
        std::vector<KernelEvent> events;
        for (int turns = 0; turns < 100 && is_readable(); ++turns) {
            std::ranges::move(turn(), std::back_inserter(events));
        }
        return events;
    }

    fakes::UeventNamespace space_;
    std::optional<UeventMonitor> monitor_;
};

TEST_F(UeventMonitorTest, DeliversWhatTheKernelSaysAboutPciInItsOrder) {
    space_.send("change", kCardPath, kPci + property("ERROR_EVENT=BEGIN_RECOVERY"));
    space_.send("unbind", kCardPath, kPci);
    space_.send("add", "/devices/virtual/net/veth0", property("SUBSYSTEM=net"));
    space_.send("bind", kPortPath + "/0000:00:1c.0:pcie004", property("SUBSYSTEM=pci_express"));

    EXPECT_TRUE(is_readable());
    EXPECT_EQ(turn(), (std::vector<KernelEvent>{
                          event::RecoveryReported{kCard, event::RecoveryReport::Began},
                          event::HotplugSeen{kCard, event::HotplugKind::DriverUnbound},
                          event::ServicesChanged{kPort},
                      }));
    EXPECT_FALSE(is_readable());
}

TEST_F(UeventMonitorTest, SaysNothingWhileThereIsNothing) {
    EXPECT_FALSE(is_readable());
    EXPECT_EQ(turn(), std::vector<KernelEvent>{});
}

TEST_F(UeventMonitorTest, DoesNotTakeATriggerForAHotplug) {
    space_.send("add", kCardPath, kPci + property("SYNTH_UUID=0"));

    EXPECT_EQ(turns(), std::vector<KernelEvent>{});
}

// A process with CAP_NET_ADMIN can send to the group; only the port id tells it from the kernel.
TEST_F(UeventMonitorTest, DoesNotBelieveAnotherProcess) {
    space_.forge("change", kCardPath,
                 kPci + property("SEQNUM=7") + property("ERROR_EVENT=FAILED_RECOVERY"));
    space_.send("remove", kCardPath, kPci);

    EXPECT_EQ(turns(),
              (std::vector<KernelEvent>{event::HotplugSeen{kCard, event::HotplugKind::Removed}}));
}

TEST_F(UeventMonitorTest, GoesOnAfterMessagesThatAreNone) {
    space_.send("change", "", property("SUBSYSTEM=pci"));
    space_.send("explode", kCardPath, kPci);
    space_.send("change", kCardPath, property("NOVALUE") + kPci);
    space_.send("remove", kCardPath, kPci);

    EXPECT_EQ(turns(),
              (std::vector<KernelEvent>{event::HotplugSeen{kCard, event::HotplugKind::Removed}}));
}

TEST_F(UeventMonitorTest, BoundsATurnAndStaysReadable) {
    for (int message = 0; message < 300; ++message) {
        space_.send("bind", kCardPath, kPci);
    }

    EXPECT_EQ(turn().size(), 256U);
    EXPECT_TRUE(is_readable());
    EXPECT_EQ(turn().size(), 44U);
    EXPECT_FALSE(is_readable());
}

TEST_F(UeventMonitorTest, GetsTheBufferThatItAsksFor) {
    EXPECT_EQ(monitor_->receive_buffer_bytes(), UeventMonitor::kReceiveBufferBytes);
}

TEST_F(UeventMonitorTest, SaysOnceHowManyMessagesAFullBufferLost) {
    listen(8192);
    for (int message = 0; message < 100; ++message) {
        space_.send("bind", kCardPath, kPci);
    }

    const std::vector<KernelEvent> events = turn();

    ASSERT_FALSE(events.empty());
    const std::size_t received = events.size() - 1;
    EXPECT_EQ(events.back(), KernelEvent(event::EventsMissed{std::to_string(100 - received) +
                                                             " uevents (receive buffer full)"}));
    EXPECT_EQ(turn(), std::vector<KernelEvent>{});

    // Its holes in SEQNUM have been said with it.
    space_.send("unbind", kCardPath, kPci);
    EXPECT_EQ(
        turn(),
        (std::vector<KernelEvent>{event::HotplugSeen{kCard, event::HotplugKind::DriverUnbound}}));
    EXPECT_FALSE(is_readable());
}

}  // namespace
}  // namespace slotd::os
