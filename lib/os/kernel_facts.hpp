#pragma once

#include <string>

#include "report/checkup.hpp"

namespace slotd::os {

/// What the running kernel shows of itself to everybody. Found by looking for what a feature is
/// made of (symbols, drivers, tables), as distributions port features to old versions. What cannot
/// be read is Unknown, or empty. Takes about a tenth of a second: the list of symbols is long.
report::KernelFacts read_kernel_facts(const std::string& sys = "/sys",
                                      const std::string& proc = "/proc");

}  // namespace slotd::os
