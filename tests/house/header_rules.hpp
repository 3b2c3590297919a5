#pragma once

#include "tests/house/source_file.hpp"

namespace slotd::house {

/// A header of lib/ starts with #pragma once, and says in a /// comment what each class or struct
/// at namespace level is.
Complaints check_header(const SourceFile& file);

}  // namespace slotd::house
