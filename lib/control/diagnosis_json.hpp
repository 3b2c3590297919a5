#pragma once

#include <string>

#include "report/checkup.hpp"
#include "report/diagnosis.hpp"

namespace slotd::control {

/// What `slotctl doctor --json` prints, as one line: facts, guarantees and findings;
/// docs/doctor.md has its schema. `diagnosis` is of this checkup.
std::string diagnosis_json(const report::Checkup& checkup, const report::Diagnosis& diagnosis);

}  // namespace slotd::control
