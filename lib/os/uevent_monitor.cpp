#include "os/uevent_monitor.hpp"

#include <asm-generic/socket.h>
#include <fmt/core.h>
#include <libudev.h>
#include <linux/sock_diag.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/uevent_decode.hpp"
#include "os/clock.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

struct DeviceDeleter {
    void operator()(udev_device* device) const { (void)udev_device_unref(device); }
};

std::string_view property(udev_device& device, const char* name) {
    // Only properties: libudev's other accessors look into sysfs, where the device may be gone,
    // locked, or another one by now.
    const char* const value = udev_device_get_property_value(&device, name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

Status poll_with(int epoll, int fd) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) != 0) {
        return std::unexpected(os_error(errno, "watch for uevents"));
    }
    return {};
}

}  // namespace

void UeventMonitor::MonitorDeleter::operator()(udev_monitor* monitor) const {
    (void)udev_monitor_unref(monitor);
}

UeventMonitor::UeventMonitor(Monitor monitor, UniqueFd timer, UniqueFd ready)
    : monitor_(std::move(monitor)),
      timer_(std::move(timer)),
      ready_(std::move(ready)) {
    drops_ = socket_drops().value_or(0);
}

Result<UeventMonitor> UeventMonitor::open(int receive_buffer_bytes) {
    udev* const context = udev_new();
    if (context == nullptr) {
        return std::unexpected(os_error(errno, "open libudev"));
    }
    Monitor monitor(udev_monitor_new_from_netlink(context, "kernel"));
    (void)udev_unref(context);  // the monitor keeps what it needs of it
    if (monitor == nullptr) {
        return std::unexpected(os_error(errno, "open the kernel's uevent socket"));
    }
    // The first sets it above the system's limit and needs CAP_NET_ADMIN; the second gets what is
    // allowed. A small buffer is no error: what it loses is noticed.
    const int socket = udev_monitor_get_fd(monitor.get());
    if (udev_monitor_set_receive_buffer_size(monitor.get(), receive_buffer_bytes) < 0) {
        (void)::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                           sizeof receive_buffer_bytes);
    }
    if (const int result = udev_monitor_enable_receiving(monitor.get()); result < 0) {
        return std::unexpected(os_error(-result, "listen to the kernel's uevents"));
    }
    UniqueFd timer{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
    UniqueFd ready{::epoll_create1(EPOLL_CLOEXEC)};
    if (!timer || !ready) {
        return std::unexpected(os_error(errno, "watch for uevents"));
    }
    for (const int fd : {socket, timer.get()}) {
        if (auto added = poll_with(ready.get(), fd); !added) {
            return std::unexpected(std::move(added.error()));
        }
    }
    return UeventMonitor{std::move(monitor), std::move(timer), std::move(ready)};
}

void UeventMonitor::readable(const Sink& sink) {
    receive(sink);
    report_losses(read_clock(), sink);
    arm_timer();
}

void UeventMonitor::receive(const Sink& sink) {
    const Instant now = read_clock();
    for (int message = 0; message < kMessagesPerTurn; ++message) {
        errno = 0;
        const std::unique_ptr<udev_device, DeviceDeleter> device(
            udev_monitor_receive_device(monitor_.get()));
        if (device != nullptr) {
            accept(*device, now, sink);
        } else if (errno == EAGAIN) {
            // Empty, or somebody else than the kernel wrote: then fd() stays readable.
            gaps_.queue_empty();
            return;
        } else if (errno == ENOBUFS) {
            overrun_ = true;  // said once, before the messages that were queued until then
        }
        // Anything else is a malformed message: its SEQNUM will be missed.
    }
}

void UeventMonitor::accept(udev_device& device, Instant now, const Sink& sink) {
    if (const auto number = parse_unsigned<std::uint64_t>(property(device, "SEQNUM"))) {
        gaps_.arrived(*number, now);
    }
    const auto decoded = event::decode_uevent(event::Uevent{
        .subsystem = property(device, "SUBSYSTEM"),
        .action = property(device, "ACTION"),
        .devpath = property(device, "DEVPATH"),
        .function = property(device, "PCI_SLOT_NAME"),
        .error_event = property(device, "ERROR_EVENT"),
        .synthetic = property(device, "SYNTH_UUID"),
        .wedged = property(device, "WEDGED"),
    });
    if (decoded) {
        sink(*decoded);
    }
}

void UeventMonitor::report_losses(Instant now, const Sink& sink) {
    // The counter is exact, and it goes on counting while the queue is congested, when ENOBUFS is
    // not said again: what is lost after the first report is reported too.
    const std::uint32_t drops = socket_drops().value_or(drops_);
    const std::uint32_t lost = drops - drops_;
    drops_ = drops;
    if (lost != 0 || std::exchange(overrun_, false)) {
        overrun_ = false;
        gaps_.loss_reported();
        const std::string count = lost == 0 ? "uevents" : fmt::format("{} uevents", lost);
        sink(event::EventsMissed{count + " (receive buffer full)"});
    }
    if (const auto missed = gaps_.judge(now)) {
        sink(*missed);
    }
}

std::optional<std::uint32_t> UeventMonitor::socket_drops() const {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    socklen_t size = sizeof info;
    if (::getsockopt(udev_monitor_get_fd(monitor_.get()), SOL_SOCKET, SO_MEMINFO, info.data(),
                     &size) != 0 ||
        size <= SK_MEMINFO_DROPS * sizeof info[0]) {
        return std::nullopt;
    }
    return info[SK_MEMINFO_DROPS];
}

int UeventMonitor::receive_buffer_bytes() const {
    int bytes = 0;
    socklen_t size = sizeof bytes;
    if (::getsockopt(udev_monitor_get_fd(monitor_.get()), SOL_SOCKET, SO_RCVBUF, &bytes, &size) !=
        0) {
        return 0;
    }
    return bytes / 2;  // the kernel doubles what is set, for its own bookkeeping
}

void UeventMonitor::arm_timer() {
    const Instant deadline = gaps_.next_deadline();
    if (armed_ <= deadline && read_clock() < armed_) {
        return;  // it fires early at worst, and is set to the next one then
    }
    armed_ = deadline;
    itimerspec when{};  // all zero disarms
    if (deadline != kNever) {
        const auto since_boot = std::max(deadline.time_since_epoch(), Duration(1));
        const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
        when.it_value.tv_sec = seconds.count();
        when.it_value.tv_nsec = (since_boot - seconds).count();
    }
    // One that has fired is quiet again with this. Fails for times that are no times only.
    (void)::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace slotd::os
