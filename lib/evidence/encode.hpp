#pragma once

#include <cstddef>
#include <string>

#include "evidence/evidence.hpp"

namespace slotd::evidence {

/// Of the version that encode() writes; what a later one adds, a reader leaves alone.
inline constexpr unsigned kSchemaVersion = 1;
/// No line is longer: what `journalctl -o json` still prints (4,096 bytes with the field's name).
inline constexpr std::size_t kBytesMax = 4000;

/// As SLOTD_EVENT has it: one line of JSON, ASCII, at most kBytesMax. The schema stands in
/// docs/journal.md. What does not fit is left out and counted: functions and users of a card beyond
/// what fits, and of what was earlier the oldest.
std::string encode(const Evidence& evidence);

}  // namespace slotd::evidence
