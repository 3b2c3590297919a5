#pragma once

#include <cstddef>

namespace slotd::report {

/// How the reader sees it. The default suits a file or a log.
struct Style {
    bool colour = false;      ///< ANSI SGR sequences around what deserves attention
    std::size_t columns = 0;  ///< lines are cut to this width; 0: never
    bool unicode = false;     ///< lines of trees by box drawing characters, else by ASCII
};

}  // namespace slotd::report
