#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.hpp"

namespace slotd::ctl {

/// A moment in the past: so long ago, or a time of the wall clock in microseconds since 1970.
using Since = std::variant<Duration, std::int64_t>;

/// "2h", "7d" (see span_from_text); "2026-11-26", "2026-11-26 15:22", "2026-11-26T15:22:24", local
/// time or with a final Z in UTC. nullopt for anything else.
std::optional<Since> since_from_text(std::string_view text);

/// As microseconds since 1970; never before.
std::int64_t microseconds_of(const Since& since, std::int64_t now_us);

/// "2026-11-26 15:22:24" where this machine is; the clock of the texts that are printed.
std::string local_date_and_time(std::int64_t realtime_us);

}  // namespace slotd::ctl
