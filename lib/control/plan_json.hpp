#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"
#include "control/plan_reply.hpp"

namespace slotd::control {

/// Inside this module only: the reply to Plan.
nlohmann::json of_plan(const PlanReply& plan);
/// `object` has passed the interface's check.
Result<PlanReply> plan_from(const nlohmann::json& object);

}  // namespace slotd::control
