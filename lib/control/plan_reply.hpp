#pragma once

#include <string>

#include "event/request.hpp"
#include "pci/address.hpp"
#include "report/plan.hpp"

namespace slotd::control {

/// What a reset would do, and whom it would disturb.
using PlanReply = report::Plan;

/// A hold or a release that has taken effect.
struct DoneReply {
    event::RequestId request = 0;
    pci::Address port;
    std::string text;
    bool operator==(const DoneReply&) const = default;
};

}  // namespace slotd::control
