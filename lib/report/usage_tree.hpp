#pragma once

#include <optional>
#include <string>
#include <vector>

#include "event/usage.hpp"
#include "pci/address.hpp"

namespace slotd::report {

/// Each function of the domain, or `function` alone, with its driver, and indented below it what
/// it is used for and by whom. Printable, not cut.
std::vector<std::string> usage_tree(const event::Usage& usage,
                                    const std::optional<pci::Address>& function);

}  // namespace slotd::report
