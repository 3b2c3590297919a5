#pragma once

#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace slotd::ctl {

/// "90s", "30m", "2h", "7d", "1h30m": whole numbers with a unit each, the larger ones first. From
/// 1 s to 366 d; nullopt for anything else.
std::optional<Duration> span_from_text(std::string_view text);

}  // namespace slotd::ctl
