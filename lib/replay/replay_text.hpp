#pragma once

#include <string>

#include "replay/replay.hpp"
#include "report/style.hpp"
#include "report/timeline_text.hpp"

namespace slotd::replay {

/// For people: for each incident what was done, what would have been, and where they part.
std::string replay_text(const Report& report, const report::Style& style,
                        const report::TimeZone& zone);

/// One object, as docs/control.md describes it; one line.
std::string replay_json(const Report& report);

}  // namespace slotd::replay
