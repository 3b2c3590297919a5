#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace slotd::policy {

/// Arbitration level: how far slotd holds the kernel's two recoveries apart (DESIGN 5).
enum class Level : std::uint8_t { Observe, Fence, Exclusive };

const char* to_text(Level level);
/// "observe", "fence", "exclusive"; nullopt for anything else.
std::optional<Level> level_from_text(std::string_view text);

}  // namespace slotd::policy
