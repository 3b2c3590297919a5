#pragma once

#include "tests/house/source_file.hpp"

namespace slotd::house {

/// What the pure modules, all of lib/ but os, must not do: ask for the time, the environment or
/// chance, read or print, start threads, own memory by hand, throw. Time and facts come in as
/// values.
Complaints check_purity(const SourceFile& file);

/// What the coordinator must not do: `default:`, and in its steps visitor arms for `auto`. Both
/// decide silently for the next event that somebody adds.
Complaints check_decisions(const SourceFile& file);

}  // namespace slotd::house
