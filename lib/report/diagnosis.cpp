#include "report/diagnosis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "policy/level.hpp"
#include "report/checkup.hpp"
#include "report/finding.hpp"
#include "report/guarantee.hpp"
#include "report/health.hpp"

namespace slotd::report {

namespace {

void sort_worst_first(std::vector<Finding>& findings) {
    std::ranges::stable_sort(findings, std::ranges::greater{}, &Finding::severity);
}

Severity worst_of(const std::vector<Finding>& findings) {
    return findings.empty() ? Severity::Ok : findings.front().severity;
}

/// "2 warnings, 1 note"; empty for none.
std::string counted(const std::vector<Finding>& findings) {
    std::string text;
    const auto add = [&](Severity severity, const char* word) {
        const auto count = std::ranges::count(findings, severity, &Finding::severity);
        if (count > 0) {
            text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, word,
                                count == 1 ? "" : "s");
        }
    };
    add(Severity::Critical, "problem");
    add(Severity::Warning, "warning");
    add(Severity::Ok, "note");
    return text;
}

std::string with_counts(std::string text, const std::vector<Finding>& findings) {
    const std::string counts = counted(findings);
    return counts.empty() ? text : text + "; " + counts;
}

/// What is wrong, by name, or that nothing is.
std::string verdict_of(const std::string& well, const std::vector<Finding>& findings) {
    std::string names;
    for (const Finding& finding : findings) {
        const std::string name = to_text(finding.kind);
        if (finding.severity != Severity::Ok && names.find(name) == std::string::npos) {
            names += (names.empty() ? "" : ", ") + name;
        }
    }
    return with_counts(names.empty() ? well : names, findings);
}

SlotDiagnosis diagnose_slot(const ExaminedSlot& slot, const Checkup& checkup) {
    SlotDiagnosis diagnosis;
    diagnosis.port = slot.known.status.port;
    diagnosis.slot = slot.known.status.slot;
    diagnosis.guarantee = guarantee_of(slot, checkup.kernel, checkup.daemon);
    diagnosis.findings = slot_findings(slot, checkup);
    std::ranges::move(card_findings(slot, checkup), std::back_inserter(diagnosis.findings));
    sort_worst_first(diagnosis.findings);
    diagnosis.severity = worst_of(diagnosis.findings);
    diagnosis.verdict = verdict_of(fmt::format("level {}, {}", to_text(diagnosis.guarantee.level),
                                               to_text(diagnosis.guarantee.strength)),
                                   diagnosis.findings);
    return diagnosis;
}

}  // namespace

Diagnosis diagnose(const Checkup& checkup) {
    Diagnosis diagnosis;
    diagnosis.machine = machine_findings(checkup);
    sort_worst_first(diagnosis.machine);
    diagnosis.severity = worst_of(diagnosis.machine);
    diagnosis.verdict = verdict_of(
        fmt::format("slotd {} is at work on {} {}", checkup.daemon.version, checkup.machine.size(),
                    checkup.machine.size() == 1 ? "slot" : "slots"),
        diagnosis.machine);
    for (const ExaminedSlot& slot : checkup.slots) {
        diagnosis.slots.push_back(diagnose_slot(slot, checkup));
        diagnosis.severity = std::max(diagnosis.severity, diagnosis.slots.back().severity);
    }
    return diagnosis;
}

}  // namespace slotd::report
