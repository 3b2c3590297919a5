#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"
#include "control/history_reply.hpp"

namespace slotd::control {

/// Inside this module only: the reply to History.
nlohmann::json of_history(const HistoryReply& history);
/// `object` has passed the interface's check.
HistoryReply history_from(const nlohmann::json& object);

}  // namespace slotd::control
