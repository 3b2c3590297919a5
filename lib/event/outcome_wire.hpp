#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "event/outcome.hpp"

namespace slotd::event {

/// Bounds of an Outcome on the wire; longer ones are cut when they are written.
inline constexpr std::size_t kContextBytesMax = 255;
inline constexpr std::size_t kDriverBytesMax = 63;
/// 8 functions and their VFs on one bus: a bus has no more than 256 functions.
inline constexpr std::size_t kFunctionsSeenMax = 256;

/// slotd-exec answers slotd: one outcome is one datagram of at most 64 KiB.
struct OutcomeReport {
    EffectId id = 0;
    Outcome outcome;
    bool operator==(const OutcomeReport&) const = default;
};

Bytes encode(const OutcomeReport& report);

/// Malformed for anything that encode() would not have written.
Result<OutcomeReport> decode_outcome_report(std::span<const std::uint8_t> datagram);

}  // namespace slotd::event
