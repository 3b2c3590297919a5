#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evidence/journal_line.hpp"

namespace slotd::fuzz {

/// Lines of a journal out of any bytes, as `journalctl -o export` has them: "FIELD=value" each, an
/// empty line after each entry; __REALTIME_TIMESTAMP is the time. At most 64 entries.
std::vector<evidence::JournalLine> journal_lines(std::span<const std::uint8_t> bytes);

}  // namespace slotd::fuzz
