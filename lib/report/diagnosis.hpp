#pragma once

#include <string>
#include <vector>

#include "pci/address.hpp"
#include "report/checkup.hpp"
#include "report/finding.hpp"
#include "report/guarantee.hpp"
#include "report/health.hpp"

namespace slotd::report {

/// How a slot is.
struct SlotDiagnosis {
    pci::Address port;
    std::string slot;     ///< its name, empty where there is none
    std::string verdict;  ///< one line: how it is
    Severity severity = Severity::Ok;
    Guarantee guarantee;
    std::vector<Finding> findings;  ///< worst first
    bool operator==(const SlotDiagnosis&) const = default;
};

/// How the machine and those of its slots are that were examined.
struct Diagnosis {
    Severity severity = Severity::Ok;  ///< the worst of all
    std::string verdict;               ///< one line about the machine
    std::vector<Finding> machine;      ///< worst first
    std::vector<SlotDiagnosis> slots;  ///< as they were examined
    bool operator==(const Diagnosis&) const = default;
};

/// Judges values; reads nothing. Warning and Critical are what somebody should change, Ok what is
/// good to know.
Diagnosis diagnose(const Checkup& checkup);

/// Parts of it, each with what it is judged by.
std::vector<Finding> machine_findings(const Checkup& checkup);
std::vector<Finding> slot_findings(const ExaminedSlot& slot, const Checkup& checkup);
std::vector<Finding> card_findings(const ExaminedSlot& slot, const Checkup& checkup);

}  // namespace slotd::report
