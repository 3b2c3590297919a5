#pragma once

#include <string_view>

#include "base/result.hpp"
#include "evidence/evidence.hpp"

namespace slotd::evidence {

/// Reads what encode() wrote; anybody may have written to the journal, so any bytes may come in.
/// Fields that this version does not know are left alone. What was left out for want of room is
/// not there: of a Usage it is added to `left_out`, of an Observation and a Port it is missing.
/// Malformed for what is no evidence, Unsupported for that of a later version.
Result<Evidence> decode(std::string_view text);

}  // namespace slotd::evidence
