// SPDX-License-Identifier: GPL-2.0-or-later
//
// lab-fault ADDRESS fatal|nonfatal|correctable [PORT AFTER_US FOR_MS|gone]
//
// Injects one AER error through the kernel's aer_inject module; with PORT, drops that port's link
// (linkdrop module) AFTER_US microseconds later, or takes its card out. One process at real-time
// priority, so the distance between the two is guest time and not the host's patience. Prints when
// each was done, CLOCK_MONOTONIC microseconds, as JSON.
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace {

// struct aer_error_inj of drivers/pci/pcie/aer_inject.c; it is in no header of the kernel.
struct InjectedError {
    std::uint8_t bus;
    std::uint8_t device;
    std::uint8_t function;
    std::uint32_t uncorrectable;
    std::uint32_t correctable;
    std::uint32_t header_log[4];
    std::uint32_t domain;
};

static_assert(sizeof(InjectedError) == 32);

// PCIe r6.0 7.8.4.2 and 7.8.4.5; severities are the defaults of 7.8.4.4.
constexpr std::uint32_t kMalformedTlp = 1U << 18;       // fatal
constexpr std::uint32_t kCompletionTimeout = 1U << 14;  // non-fatal
constexpr std::uint32_t kBadTlp = 1U << 6;              // correctable

std::int64_t now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
}

void sleep_until(std::int64_t at_us) {
    const timespec at{at_us / 1'000'000, at_us % 1'000'000 * 1'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
    }
}

int fail(const std::string& what) {
    std::fprintf(stderr, "lab-fault: %s: %s\n", what.c_str(), std::strerror(errno));
    return 1;
}

bool parse(const char* address, std::string_view kind, InjectedError& error) {
    unsigned domain = 0, bus = 0, device = 0, function = 0;
    if (std::sscanf(address, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4) {
        return false;
    }
    error = {};
    error.domain = domain;
    error.bus = static_cast<std::uint8_t>(bus);
    error.device = static_cast<std::uint8_t>(device);
    error.function = static_cast<std::uint8_t>(function);
    error.uncorrectable = kind == "fatal"      ? kMalformedTlp
                          : kind == "nonfatal" ? kCompletionTimeout
                                               : 0;
    error.correctable = kind == "correctable" ? kBadTlp : 0;
    return error.uncorrectable != 0 || error.correctable != 0;
}

}  // namespace

int main(int argc, char** argv) {
    InjectedError error;
    if ((argc != 3 && argc != 6) || !parse(argv[1], argv[2], error)) {
        std::fputs(
            "usage: lab-fault ADDRESS fatal|nonfatal|correctable [PORT AFTER_US FOR_MS|gone]\n",
            stderr);
        return 2;
    }
    const int inject_fd = ::open("/dev/aer_inject", O_WRONLY | O_CLOEXEC);
    if (inject_fd < 0) {
        return fail("/dev/aer_inject");
    }
    const bool leaves = argc == 6 && std::string_view(argv[5]) == "gone";
    const char* const value = leaves ? "1" : argv[argc - 1];
    const std::string drop_path = argc == 6 ? std::string("/sys/kernel/debug/linkdrop/") + argv[3] +
                                                  (leaves ? "/gone" : "/drop")
                                            : "/dev/null";
    const int drop_fd = ::open(drop_path.c_str(), O_WRONLY | O_CLOEXEC);
    if (drop_fd < 0) {
        return fail(drop_path);
    }
    (void)::mlockall(MCL_CURRENT);
    sched_param priority{};
    priority.sched_priority = 40;  // below the recorder
    (void)::sched_setscheduler(0, SCHED_FIFO, &priority);

    const std::int64_t injected_us = now_us();
    if (::write(inject_fd, &error, sizeof(error)) != sizeof(error)) {
        return fail("inject");
    }
    std::int64_t dropped_us = 0;
    if (argc == 6) {
        sleep_until(injected_us + std::atoll(argv[4]));
        dropped_us = now_us();
        if (::write(drop_fd, value, std::strlen(value)) < 0) {
            return fail("drop");
        }
    }
    std::printf("{\"injected_us\": %lld, \"dropped_us\": %lld}\n",
                static_cast<long long>(injected_us), static_cast<long long>(dropped_us));
    return 0;
}
