#include "coordinator/in_use.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/operation.hpp"
#include "coordinator/slot.hpp"
#include "event/usage.hpp"
#include "pci/address.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"

namespace slotd::coordinator {

namespace {

/// An FLR of one function disturbs no other.
std::optional<pci::Address> disturbed_alone(const Operation& operation) {
    return operation.rungs.front() == policy::Rung::FunctionReset && operation.request
               ? operation.request->function
               : std::nullopt;
}

std::string why_never(const Operation& operation, const event::Usage& usage) {
    const policy::Rung rung = operation.rungs.front();
    const bool lent = operation.request && operation.request->lent;
    const bool unbinds =
        rung == policy::Rung::Reenumerate || (rung == policy::Rung::VfioReset && !lent);
    const auto open = std::ranges::find_if(usage.functions, &event::FunctionUse::vfio_open);
    if (!unbinds || open == usage.functions.end()) {
        return {};
    }
    return open->address.to_string() +
           " is in use through VFIO; taking it away would block the hot-plug of the whole machine "
           "until its user lets it go: end that user first, or have it lend its descriptors";
}

/// What is left when nothing counts that the lender of the descriptors holds.
event::Usage without_lenders(event::Usage usage) {
    for (event::FunctionUse& function : usage.functions) {
        function.vfio_open = false;
    }
    std::erase_if(usage.processes, event::through_vfio);
    return usage;
}

}  // namespace

InUse judge_use(const Slot& slot, const Operation& operation, const event::Usage& usage) {
    const bool lent = operation.request && operation.request->lent;
    const std::vector<policy::Use> uses =
        policy::uses_of(lent ? without_lenders(usage) : usage, disturbed_alone(operation));
    InUse in_use;
    in_use.never = why_never(operation, usage);
    in_use.counted = policy::counted(uses, slot.facts.policy.in_use);
    std::ranges::copy_if(uses, std::back_inserter(in_use.ignored), [&](const policy::Use& use) {
        return std::ranges::find(in_use.counted, use) == in_use.counted.end();
    });
    return in_use;
}

}  // namespace slotd::coordinator
