// SPDX-License-Identifier: GPL-2.0-or-later
#include "recorder.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace lab {
namespace {

constexpr int kReceiveBuffer = 64 << 20;
constexpr std::string_view kClockMark = "lab: clock mark";

int open_uevents() {
    const int fd =
        ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1;  // what the kernel itself sends; group 2 is udev's relay
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
        std::perror("lab-agent: uevent socket");
        std::exit(1);
    }
    (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof(kReceiveBuffer));
    return fd;
}

void take_uevents(int fd, Record& record) {
    std::array<char, 16384> buffer;
    while (true) {
        const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (size < 0) {
            if (errno == ENOBUFS) {
                record.add(now_us(), "lost", "uevents");
                continue;
            }
            return;
        }
        std::string text(buffer.data(), static_cast<std::size_t>(size));
        while (!text.empty() && text.back() == '\0') {
            text.pop_back();
        }
        for (char& c : text) {
            c = c == '\0' ? '\t' : c;
        }
        record.add(now_us(), "uevent", text);
    }
}

/// The kernel log, on the record's clock. The kernel stamps a line when it is written, with a clock
/// of its own that has a constant distance to CLOCK_MONOTONIC; a line of ours between two readings
/// measures it.
class KernelLog {
public:
    KernelLog() : fd_(::open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
        const std::int64_t before = now_us();
        (void)!::write(fd_, kClockMark.data(), kClockMark.size());
        marked_at_us_ = (before + now_us()) / 2;
    }

    int fd() const { return fd_; }

    void take(Record& record) {
        std::array<char, 8192> buffer;
        while (true) {
            const ssize_t size = ::read(fd_, buffer.data(), buffer.size());
            if (size < 0 && errno == EPIPE) {
                record.add(now_us(), "lost", "kernel log lines");
                continue;
            }
            if (size <= 0) {
                return;
            }
            add(std::string(buffer.data(), static_cast<std::size_t>(size)), record);
        }
    }

private:
    // "6,123,4567890,-;text\n KEY=value...": priority, number, microseconds, flags.
    void add(const std::string& line, Record& record) {
        const std::size_t text_at = line.find(';');
        const std::size_t time_at = line.find(',', line.find(',') + 1) + 1;
        if (text_at == std::string::npos || time_at == 0) {
            return;
        }
        const std::int64_t stamp_us = std::strtoll(line.c_str() + time_at, nullptr, 10);
        const std::string text = line.substr(text_at + 1, line.find('\n', text_at) - text_at - 1);
        if (text == kClockMark) {
            distance_us_ = marked_at_us_ - stamp_us;
        }
        record.add(stamp_us + distance_us_, "kernel", text);
    }

    int fd_;
    std::int64_t marked_at_us_ = 0;
    std::int64_t distance_us_ = 0;  // lines from before the mark keep the kernel's own clock
};

}  // namespace

void record_kernel(Record& record) {
    sched_param priority{};
    priority.sched_priority = 50;
    if (::sched_setscheduler(0, SCHED_FIFO, &priority) != 0) {
        record.add(now_us(), "lost", "real-time priority of the recorder");
    }
    const int uevents = open_uevents();
    KernelLog log;
    std::array<pollfd, 2> waited{{{uevents, POLLIN, 0}, {log.fd(), POLLIN, 0}}};
    while (true) {
        take_uevents(uevents, record);
        log.take(record);
        (void)::poll(waited.data(), waited.size(), -1);
    }
}

}  // namespace lab
