#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/time.hpp"
#include "history/stamp.hpp"
#include "os/history_stamp.hpp"

namespace slotd::os {

/// Where the history is, and its bounds.
struct HistorySettings {
    std::string directory;  ///< exists; the files in it belong to the history
    Duration window{};      ///< of the budget: so long a loss leaves it unknown
    Duration age_max = std::chrono::hours(24 * 400);            ///< of an entry that nothing needs
    std::uint64_t bytes_max = std::uint64_t{64} * 1024 * 1024;  ///< of the database, at least 1 MiB
    std::size_t queue_max = 1024;               ///< entries and queries that wait for the disk
    Duration retry = std::chrono::seconds(15);  ///< between tries to make it usable again
    Duration patience_at_end = std::chrono::seconds(3);  ///< for the disk, when slotd ends
    std::function<history::Stamp()> clock = read_stamp;  ///< called in the history's thread
    std::string vfs;  ///< SQLite's name of the file layer; empty: the usual one
};

}  // namespace slotd::os
