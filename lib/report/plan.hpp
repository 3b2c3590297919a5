#pragma once

#include <optional>
#include <string>
#include <vector>

#include "event/usage.hpp"
#include "pci/address.hpp"
#include "policy/in_use.hpp"
#include "report/style.hpp"

namespace slotd::report {

/// What a reset would do, and whom it would disturb.
struct Plan {
    pci::Address port;
    std::optional<pci::Address> function;  ///< nullopt: everything below the port is disturbed
    std::vector<std::string> steps;        ///< what slotd would do, in order
    std::optional<event::Usage> usage;     ///< nullopt: not known, `text` says why
    std::vector<policy::Use> in_use;       ///< those that count
    bool would_refuse = false;             ///< without force
    bool would_refuse_forced = false;      ///< with force too
    std::string text;                      ///< slotd's own words about it; may be empty
    bool operator==(const Plan&) const = default;
};

/// `slotctl plan`: the steps, every function that is disturbed with its driver and who uses it,
/// what could not be read, then what counts as in use and what slotd would do. One fact a line; no
/// line is wider than the style says.
std::string plan_text(const Plan& plan, const Style& style);

}  // namespace slotd::report
