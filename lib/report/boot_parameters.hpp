#pragma once

#include <string_view>

#include "report/checkup.hpp"

namespace slotd::report {

/// Whether the kernel was booted with `option` in the comma-separated list of `parameter`:
/// "pci=realloc,noaer" has "noaer" of "pci".
bool booted_with(const KernelFacts& kernel, std::string_view parameter, std::string_view option);

}  // namespace slotd::report
