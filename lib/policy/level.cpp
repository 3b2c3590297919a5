#include "policy/level.hpp"

#include <optional>
#include <string_view>

namespace slotd::policy {

const char* to_text(Level level) {
    switch (level) {
        case Level::Observe:
            return "observe";
        case Level::Fence:
            return "fence";
        case Level::Exclusive:
            return "exclusive";
    }
    return "unknown";
}

std::optional<Level> level_from_text(std::string_view text) {
    for (const Level level : {Level::Observe, Level::Fence, Level::Exclusive}) {
        if (text == to_text(level)) {
            return level;
        }
    }
    return std::nullopt;
}

}  // namespace slotd::policy
