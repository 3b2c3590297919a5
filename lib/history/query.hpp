#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "history/entry.hpp"
#include "pci/address.hpp"

namespace slotd::history {

/// Which rows somebody wants to see: those that meet every condition given.
struct Query {
    std::optional<pci::Address> port;
    std::optional<std::uint64_t> incident;
    std::optional<std::int64_t> since_realtime_us;
    std::size_t limit = 100;  ///< the newest so many, at most kQueryRowsMax; answered oldest first

    bool operator==(const Query&) const = default;
};

inline constexpr std::size_t kQueryRowsMax = 1000;

/// Whether `row` meets the conditions, the limit aside.
bool matches(const Query& query, const Row& row);

}  // namespace slotd::history
