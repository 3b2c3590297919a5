#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "history/entry.hpp"
#include "pci/address.hpp"
#include "report/style.hpp"
#include "report/wall_time.hpp"

namespace slotd::report {

/// An entry of the history, kinds that this build does not know included. What a kind does not have
/// is empty.
struct HistoryItem {
    std::uint64_t seq = 0;
    std::int64_t realtime_us = 0;
    std::string kind;  ///< "incident-opened", ...: history::name_of()
    std::optional<pci::Address> port;
    std::string slot;
    std::uint64_t incident = 0;
    std::uint32_t attempt = 0;
    std::string step;
    std::optional<bool> automatic;
    std::string by;  ///< who asked, with the reason
    std::optional<Duration> lasts;
    std::optional<bool> well;
    std::optional<bool> ambiguous;
    std::string text;  ///< cause, reason, or how it ended
    bool operator==(const HistoryItem&) const = default;
};

HistoryItem item_of(const history::Row& row);

/// What the history remembers, oldest first.
struct HistoryItems {
    std::vector<HistoryItem> items;
    bool more = false;  ///< older ones were left out
    bool operator==(const HistoryItems&) const = default;
};

/// `slotctl history`: one line for each; on a terminal continued below itself where it is longer
/// than that is wide.
std::string history_list(const HistoryItems& history, const WallClock& clock, const Style& style);

}  // namespace slotd::report
