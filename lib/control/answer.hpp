#pragma once

#include <string>

#include "control/plan_reply.hpp"
#include "event/request.hpp"

namespace slotd::control {

/// How what was asked for has ended (engine::ResetAnswer as plain values).
struct Answer {
    event::RequestId request = 0;
    bool succeeded = false;
    std::string outcome;  ///< "recovered", "refused", "in-use", "held", ...: as in the engine
    std::string text;
    bool operator==(const Answer&) const = default;
};

/// What a plan has turned out to be; `plan`'s port and function are the service's to fill in.
struct PlanAnswer {
    event::RequestId request = 0;
    PlanReply plan;
    bool operator==(const PlanAnswer&) const = default;
};

}  // namespace slotd::control
