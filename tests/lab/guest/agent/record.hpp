// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

/// CLOCK_MONOTONIC in microseconds: the one clock of everything in the record.
std::int64_t now_us();

/// What happened in this guest, one line each: "<microseconds> <lane> <text>". Kept in memory,
/// because the host asks for it while the guest may no longer be able to do I/O. Written by several
/// threads.
class Record {
public:
    void add(std::int64_t at_us, std::string_view lane, std::string_view text);

    /// All lines from the `first`-th on, each ended by a newline, and the number to ask from next.
    std::string lines_from(std::size_t first, std::size_t& next) const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

}  // namespace lab
