// SPDX-License-Identifier: GPL-2.0-or-later
//
// lab-storm ADDRESS fatal|nonfatal|corrected COUNT FOR_MS
//
// COUNT AER errors of one function within FOR_MS, evenly, through the kernel's aer_inject module.
// An error of a function that is not there at that moment (it is being enumerated afresh) is not
// made up for. Prints {"injected": N, "absent": N, "took_ms": N}.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
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

// PCIe r6.0 7.8.4.2 and 7.8.4.5; severities are the defaults of 7.8.4.4.
constexpr std::uint32_t kMalformedTlp = 1U << 18;       // fatal
constexpr std::uint32_t kCompletionTimeout = 1U << 14;  // non-fatal
constexpr std::uint32_t kBadTlp = 1U << 6;              // corrected

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

}  // namespace

int main(int argc, char** argv) {
    unsigned domain = 0, bus = 0, device = 0, function = 0;
    if (argc != 5 || std::sscanf(argv[1], "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4) {
        std::fputs("usage: lab-storm ADDRESS fatal|nonfatal|corrected COUNT FOR_MS\n", stderr);
        return 2;
    }
    InjectedError error{};
    error.domain = domain;
    error.bus = static_cast<std::uint8_t>(bus);
    error.device = static_cast<std::uint8_t>(device);
    error.function = static_cast<std::uint8_t>(function);
    const std::string_view kind = argv[2];
    if (kind == "corrected") {
        error.correctable = kBadTlp;
    } else {
        error.uncorrectable = kind == "fatal" ? kMalformedTlp : kCompletionTimeout;
    }
    const int fd = ::open("/dev/aer_inject", O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        std::perror("lab-storm: /dev/aer_inject");
        return 1;
    }
    const std::int64_t count = std::atoll(argv[3]);
    const std::int64_t for_us = std::atoll(argv[4]) * 1'000;
    const std::int64_t begun_us = now_us();
    int injected = 0;
    int absent = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        sleep_until(begun_us + for_us * i / count);
        if (::write(fd, &error, sizeof(error)) == sizeof(error)) {
            ++injected;
        } else if (errno == ENODEV) {
            ++absent;
        } else {
            std::perror("lab-storm: inject");
            return 1;
        }
    }
    std::printf("{\"injected\": %d, \"absent\": %d, \"took_ms\": %lld}\n", injected, absent,
                static_cast<long long>((now_us() - begun_us) / 1'000));
    return 0;
}
