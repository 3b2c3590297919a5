#include "os/event_loop.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "os/clock.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

using namespace std::chrono_literals;

EventLoop open_loop() {
    auto loop = EventLoop::open();
    EXPECT_TRUE(loop);
    return std::move(*loop);
}

/// A descriptor that is readable from the start.
UniqueFd ready_descriptor() {
    return UniqueFd(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
}

TEST(EventLoop, CallsWhoWatchesAReadableDescriptor) {
    EventLoop loop = open_loop();
    const UniqueFd fd = ready_descriptor();
    std::vector<Ready> seen;
    const auto watch = loop.watch(fd.get(), Turn::Kernel, [&](Ready ready) {
        seen.push_back(ready);
        loop.stop(3);
    });
    ASSERT_TRUE(watch);

    EXPECT_EQ(loop.run().value_or(-1), 3);
    EXPECT_EQ(seen, (std::vector<Ready>{{.readable = true}}));
}

TEST(EventLoop, ServesTheKernelBeforeClients) {
    EventLoop loop = open_loop();
    const UniqueFd fd = ready_descriptor();
    const UniqueFd other = ready_descriptor();
    std::string order;
    const auto client = loop.watch(fd.get(), Turn::Client, [&](Ready) { order += "client "; });
    const auto kernel = loop.watch(other.get(), Turn::Kernel, [&](Ready) {
        order += "kernel ";
        loop.stop(0);
    });

    EXPECT_EQ(loop.run().value_or(-1), 0);
    EXPECT_EQ(order, "kernel ");
}

TEST(EventLoop, TellsRoomToWriteOnlyIfAskedTo) {
    EventLoop loop = open_loop();
    const UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));  // writable, never readable here
    std::vector<Ready> seen;
    auto watch = loop.watch(fd.get(), Turn::Client, [&](Ready ready) { seen.push_back(ready); });
    ASSERT_TRUE(watch);

    EXPECT_FALSE(loop.run_once(0s).value_or(true));
    ASSERT_TRUE(watch->want_writable(true));
    EXPECT_TRUE(loop.run_once(0s).value_or(false));
    ASSERT_TRUE(watch->want_writable(false));
    EXPECT_FALSE(loop.run_once(0s).value_or(true));

    EXPECT_EQ(seen, (std::vector<Ready>{{.writable = true}}));
}

TEST(EventLoop, SaysWhenTheOtherSideHangsUp) {
    EventLoop loop = open_loop();
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd here(ends[0]);
    UniqueFd there(ends[1]);
    std::vector<Ready> seen;
    const auto watch =
        loop.watch(here.get(), Turn::Client, [&](Ready ready) { seen.push_back(ready); });

    there.reset();
    EXPECT_TRUE(loop.run_once(0s).value_or(false));

    EXPECT_EQ(seen, (std::vector<Ready>{{.readable = true, .hung_up = true}}));
}

// A client that is disconnected from within its own callback.
TEST(EventLoop, LetsAWatchEndItselfFromItsCallback) {
    EventLoop loop = open_loop();
    const UniqueFd fd = ready_descriptor();
    int calls = 0;
    Watch watch;
    auto opened = loop.watch(fd.get(), Turn::Client, [&](Ready) {
        watch = Watch{};
        ++calls;  // what the callback has captured is still there
    });
    ASSERT_TRUE(opened);
    watch = std::move(*opened);

    EXPECT_TRUE(loop.run_once(0s).value_or(false));
    EXPECT_FALSE(loop.run_once(0s).value_or(true));

    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(watch);
}

TEST(EventLoop, RefusesADescriptorThatCannotBeWatched) {
    EventLoop loop = open_loop();
    const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));

    const auto watch = loop.watch(file.get(), Turn::Client, [](Ready) {});

    ASSERT_FALSE(watch);
    EXPECT_EQ(watch.error().context, "watch a descriptor");
}

TEST(EventLoop, FiresATimerOnceForEachArming) {
    EventLoop loop = open_loop();
    int fired = 0;
    auto timer = loop.timer(Turn::Deadline, [&] { ++fired; });
    ASSERT_TRUE(timer);

    EXPECT_FALSE(loop.run_once(0s).value_or(true));  // not armed yet
    ASSERT_TRUE(timer->arm(Instant{}));              // long passed
    EXPECT_TRUE(loop.run_once(0s).value_or(false));
    EXPECT_FALSE(loop.run_once(0s).value_or(true));
    ASSERT_TRUE(timer->arm(loop.now()));
    EXPECT_TRUE(loop.run_once(1s).value_or(false));

    EXPECT_EQ(fired, 2);
}

TEST(EventLoop, ForgetsADeadlineThatIsReplacedOrDisarmed) {
    EventLoop loop = open_loop();
    int fired = 0;
    auto timer = loop.timer(Turn::Deadline, [&] { ++fired; });
    ASSERT_TRUE(timer);

    ASSERT_TRUE(timer->arm(Instant{}));
    ASSERT_TRUE(timer->arm(kNever));
    EXPECT_FALSE(loop.run_once(0s).value_or(true));
    ASSERT_TRUE(timer->arm(Instant{}));
    ASSERT_TRUE(timer->arm(kNever - 1ns));
    EXPECT_FALSE(loop.run_once(0s).value_or(true));

    EXPECT_EQ(fired, 0);
}

// A timer that fires early would find nothing due, be armed for the same time and spin.
TEST(EventLoop, DoesNotFireATimerBeforeItsTime) {
    EventLoop loop = open_loop();
    Instant fired{};
    auto timer = loop.timer(Turn::Deadline, [&] {
        fired = loop.now();
        loop.stop(0);
    });
    ASSERT_TRUE(timer);
    const Instant deadline = read_clock() + 1500us + 1ns;

    ASSERT_TRUE(timer->arm(deadline));
    ASSERT_TRUE(loop.run());

    EXPECT_GE(fired, deadline);
}

TEST(EventLoop, TurnsASignalIntoACall) {
    EventLoop loop = open_loop();
    int hangups = 0;
    ASSERT_TRUE(loop.on_signal(SIGHUP, [&] { ++hangups; }));
    ASSERT_TRUE(loop.on_signal(SIGTERM, [&] { loop.stop(7); }));

    ASSERT_EQ(::raise(SIGHUP), 0);
    EXPECT_TRUE(loop.run_once(1s).value_or(false));
    ASSERT_EQ(::raise(SIGTERM), 0);

    EXPECT_EQ(loop.run().value_or(-1), 7);
    EXPECT_EQ(hangups, 1);
}

TEST(EventLoop, RefusesASignalThatIsNone) {
    EventLoop loop = open_loop();

    EXPECT_FALSE(loop.on_signal(1000, [] {}));
}

TEST(EventLoop, KeepsNoWatchdogThatNobodyAskedFor) {
    (void)::unsetenv("WATCHDOG_USEC");
    EventLoop loop = open_loop();

    EXPECT_FALSE(loop.keep_watchdog().value_or(true));
}

TEST(EventLoop, KeepsTheWatchdogThatTheServiceManagerAskedFor) {
    (void)::setenv("WATCHDOG_USEC", "30000000", 1);
    EventLoop loop = open_loop();

    EXPECT_TRUE(loop.keep_watchdog().value_or(false));
    (void)::unsetenv("WATCHDOG_USEC");
}

TEST(EventLoop, TellsTheServiceManagerWhereThereIsOne) {
    const UniqueFd manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const fakes::TempDir dir;
    const std::string path = dir.path("notify");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (void)path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    (void)::setenv("NOTIFY_SOCKET", path.c_str(), 1);

    notify_ready("watching 3 slots");
    notify_status("2 slots");
    notify_stopping();
    (void)::unsetenv("NOTIFY_SOCKET");

    std::vector<std::string> said;
    std::array<char, 256> buffer{};
    for (ssize_t got = 0; (got = ::recv(manager.get(), buffer.data(), buffer.size(), 0)) > 0;) {
        said.emplace_back(buffer.data(), static_cast<std::size_t>(got));
    }
    EXPECT_EQ(said, (std::vector<std::string>{"READY=1\nSTATUS=watching 3 slots", "STATUS=2 slots",
                                              "STOPPING=1"}));
}

}  // namespace
}  // namespace slotd::os
