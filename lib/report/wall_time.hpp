#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace slotd::report {

/// A moment of the wall clock, microseconds since 1970, as people where they sit write it: the time
/// zone is the caller's to know.
using WallClock = std::function<std::string(std::int64_t realtime_us)>;

/// "2026-11-26T15:22:24.000123Z"; ISO 8601, UTC. Years beyond 0 to 9999, which no clock of ours
/// shows but a damaged file may have, as the first or last moment within.
std::string iso_time(std::int64_t realtime_us);

}  // namespace slotd::report
