#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "history/query.hpp"
#include "report/history_list.hpp"

namespace slotd::control {

/// History, as somebody asked for it.
struct AskHistory {
    std::string slot;  ///< empty: of all
    std::optional<std::uint64_t> incident;
    std::optional<std::int64_t> since_us;  ///< wall clock, microseconds since 1970
    std::size_t limit = 100;               ///< 1 to kHistoryEntriesMax
    bool operator==(const AskHistory&) const = default;
};

/// One less than the history answers at once: the one more tells whether there are more.
inline constexpr std::size_t kHistoryEntriesMax = history::kQueryRowsMax - 1;

using HistoryReply = report::HistoryItems;

}  // namespace slotd::control
