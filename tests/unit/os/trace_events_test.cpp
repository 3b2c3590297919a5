#include "os/trace_events.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "event/kernel_event.hpp"
#include "os/unique_fd.hpp"
#include "pci/address.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

using event::KernelEvent;

constexpr pci::Address kCard{0, 0x01, 0x00, 0};

const std::string kInstance = "instances/slotd/";
const std::string kAerEnable = kInstance + "events/ras/aer_event/enable";
const std::string kHotplugEnable = kInstance + "events/pci/pci_hp_event/enable";

/// A tracefs in a temporary directory, with an instance as a crash leaves it behind: outside of a
/// real tracefs mkdir makes no files. Its trace_pipe is a FIFO.
class TraceEventsTest : public ::testing::Test {
protected:
    TraceEventsTest() {
        tracefs_.write(kInstance + "buffer_percent", "50\n");
        tracefs_.write(kInstance + "trace", "stale\n");
        tracefs_.write(kAerEnable, "0\n");
        tracefs_.write(kHotplugEnable, "0\n");
        tracefs_.make_fifo(kInstance + "trace_pipe");
    }

    void start() {
        auto events = TraceEvents::open(tracefs_.path());
        ASSERT_TRUE(events) << events.error().message();
        events_.emplace(std::move(*events));
        kernel_.reset(::open(tracefs_.path(kInstance + "trace_pipe").c_str(),
                             O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        ASSERT_TRUE(kernel_);
    }

    /// What comes of one turn after the kernel has written `text`.
    std::vector<KernelEvent> after(std::string_view text) {
        EXPECT_EQ(::write(kernel_.get(), text.data(), text.size()), std::ssize(text));
        std::vector<KernelEvent> events;
        events_->readable([&](const KernelEvent& event) { events.push_back(event); });
        return events;
    }

    fakes::TempDir tracefs_;
    std::optional<TraceEvents> events_;
    UniqueFd kernel_;
};

constexpr std::string_view kFatal =
    "aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, , TLP Header=Not available\n";

TEST_F(TraceEventsTest, SwitchesItsEventsOnInAnInstanceOfItsOwn) {
    start();

    EXPECT_EQ(tracefs_.read(kInstance + "buffer_percent").front(), '0');
    EXPECT_EQ(tracefs_.read(kAerEnable).front(), '1');
    EXPECT_EQ(tracefs_.read(kHotplugEnable).front(), '1');
    EXPECT_EQ(tracefs_.read(kInstance + "trace"), "");
    EXPECT_EQ(events_->unseen(), std::vector<std::string>{});
}

TEST_F(TraceEventsTest, DeliversTheEventsInTheirOrder) {
    start();

    EXPECT_EQ(after(std::string(kFatal) + "CPU:0 [LOST 3 EVENTS]\nsomething else\n"),
              (std::vector<KernelEvent>{
                  event::ErrorReported{kCard, event::Severity::Fatal, 0},
                  event::EventsMissed{"3 trace events (trace buffer overwritten)"}}));
}

TEST_F(TraceEventsTest, PutsALineTogetherThatComesInPieces) {
    start();

    EXPECT_EQ(after(kFatal.substr(0, 40)), std::vector<KernelEvent>{});
    EXPECT_EQ(after(kFatal.substr(40)),
              (std::vector<KernelEvent>{event::ErrorReported{kCard, event::Severity::Fatal, 0}}));
}

TEST_F(TraceEventsTest, SkipsALineWithoutEndAndGoesOnAfterIt) {
    start();

    EXPECT_EQ(after(std::string(5000, 'x')), std::vector<KernelEvent>{});
    EXPECT_EQ(after(std::string(5000, 'x') + "\n" + std::string(kFatal)),
              (std::vector<KernelEvent>{event::ErrorReported{kCard, event::Severity::Fatal, 0}}));
}

TEST_F(TraceEventsTest, ReturnsWhenThereIsNothing) {
    start();

    EXPECT_EQ(after(""), std::vector<KernelEvent>{});
}

TEST_F(TraceEventsTest, NamesTheEventThatThisKernelDoesNotHave) {
    tracefs_.remove(kInstance + "events/pci");

    start();

    EXPECT_EQ(events_->unseen(), std::vector<std::string>{"pci:pci_hp_event"});
    EXPECT_EQ(after(kFatal).size(), 1U);
}

TEST_F(TraceEventsTest, IsUnsupportedWithoutAnyOfTheEvents) {
    tracefs_.remove(kInstance + "events");

    const auto events = TraceEvents::open(tracefs_.path());

    ASSERT_FALSE(events);
    EXPECT_EQ(events.error(), (Error{ErrorKind::Unsupported, 0,
                                     "find ras:aer_event or pci:pci_hp_event in " +
                                         tracefs_.path("instances/slotd")}));
}

TEST_F(TraceEventsTest, IsNotFoundWithoutTracefs) {
    const auto events = TraceEvents::open(tracefs_.path("nowhere"));

    ASSERT_FALSE(events);
    EXPECT_EQ(events.error().kind, ErrorKind::NotFound);
}

TEST_F(TraceEventsTest, SaysWhichFileCannotBeWritten) {
    tracefs_.remove(kAerEnable);
    tracefs_.make_dir(kAerEnable);

    const auto events = TraceEvents::open(tracefs_.path());

    ASSERT_FALSE(events);
    EXPECT_EQ(events.error().kind, ErrorKind::Io);
    EXPECT_EQ(events.error().context, "open " + tracefs_.path(kAerEnable));
}

// The real thing, as far as this machine has it: whatever comes of it, no instance is left behind.
TEST(TraceEventsOfThisMachine, LeavesNoInstanceBehind) {
    if (::access("/sys/kernel/tracing/instances", W_OK) != 0) {
        GTEST_SKIP() << "needs root and a mounted tracefs";
    }
    {
        const auto events = TraceEvents::open();
        if (!events) {
            EXPECT_EQ(events.error().kind, ErrorKind::Unsupported) << events.error().message();
        }
    }
    EXPECT_NE(::access("/sys/kernel/tracing/instances/slotd", F_OK), 0);
}

}  // namespace
}  // namespace slotd::os
