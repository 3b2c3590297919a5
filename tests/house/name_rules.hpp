#pragma once

#include <string_view>

#include "tests/house/source_file.hpp"

namespace slotd::house {

/// Where this file names what it does not include, of the headers that are precompiled
/// (cmake/SlotdPrecompiled.cmake): with them it compiles all the same, and without them it may not.
/// What its own header includes counts as included; `own_header` is the text of that, if any.
Complaints check_names(const SourceFile& file, std::string_view own_header);

}  // namespace slotd::house
