#pragma once

#include <string>

#include "report/checkup.hpp"
#include "report/diagnosis.hpp"
#include "report/style.hpp"

namespace slotd::report {

/// The machine, then each slot: a line with the verdict, the facts, the findings with what to do.
/// `diagnosis` is of this checkup.
std::string doctor_page(const Checkup& checkup, const Diagnosis& diagnosis, const Style& style);

/// "ok", "warning", "critical", "unknown": the stable names.
const char* severity_name(Severity severity);

}  // namespace slotd::report
