#include "os/history_stamp.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "base/parse.hpp"
#include "history/stamp.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

std::int64_t microseconds_of(clockid_t clock) {
    timespec now{};
    SLOTD_ASSERT(::clock_gettime(clock, &now) == 0);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

/// Empty where there is no procfs.
std::string read_boot_id() {
    const UniqueFd file{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
    std::array<char, 64> text{};
    const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : 0;
    return length > 0
               ? std::string(without_newline({text.data(), static_cast<std::size_t>(length)}))
               : std::string();
}

}  // namespace

history::Stamp read_stamp() {
    static const std::string boot_id = read_boot_id();
    return {microseconds_of(CLOCK_REALTIME), microseconds_of(CLOCK_BOOTTIME), boot_id};
}

}  // namespace slotd::os
