#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"
#include "report/checkup.hpp"

namespace slotd::control {

/// Inside this module only: the reply to Doctor.
nlohmann::json of_doctor(const report::DaemonNotes& notes);
/// `object` has passed the interface's check.
Result<report::DaemonNotes> doctor_from(const nlohmann::json& object);

}  // namespace slotd::control
