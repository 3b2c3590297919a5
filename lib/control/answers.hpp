#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "control/plan_reply.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"
#include "history/query.hpp"

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

/// What somebody wants to know of the history.
struct HistoryRequested {
    event::RequestId request = 0;
    history::Query query;
    bool operator==(const HistoryRequested&) const = default;
};

/// What the history has of it, oldest first.
struct HistoryAnswer {
    event::RequestId request = 0;
    Result<std::vector<history::Row>> rows;
};

}  // namespace slotd::control
