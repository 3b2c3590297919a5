#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "event/casebook.hpp"
#include "pci/topology.hpp"
#include "report/checkup.hpp"
#include "report/diagnosis.hpp"
#include "report/finding.hpp"
#include "report/health.hpp"

namespace slotd::report {

namespace {

using Findings = std::vector<Finding>;

bool through_vfio(std::string_view driver) {
    return driver.find("vfio") != std::string_view::npos;
}

void judge_driver(const pci::Function& function, const SlotCase& slot, const Checkup& checkup,
                  Findings& findings) {
    const std::string name = function.address.to_string();
    if (function.is_bridge) {
        return;
    }
    if (function.driver.empty()) {
        findings.push_back({Severity::Ok, FindingKind::NoDriver,
                            name + " has no driver: the kernel gives up on the whole card after a "
                                   "fatal error.",
                            "Bind a driver, or have slotd bring the card back."});
        return;
    }
    if (through_vfio(function.driver)) {
        findings.push_back(
            {Severity::Ok, FindingKind::ThroughVfio,
             name + " is driven through VFIO (" + function.driver +
                 "): slotd never takes it away from its user, and after a fatal error the kernel "
                 "calls it recovered although its configuration space is wiped.",
             "Its user can lend slotd the descriptors for a reset (docs/vfio.md)."});
    }
    const bool unasked =
        std::ranges::find(slot.notes.unasked,
                          event::UnaskedDriver{function.address, function.driver}) !=
        slot.notes.unasked.end();
    if (unasked) {
        findings.push_back(
            {Severity::Warning, FindingKind::DriverWithoutCallbacks,
             fmt::format("The kernel has given up on {} without asking its driver {} first: as far "
                         "as seen in this run it has no AER callbacks{}.",
                         name, function.driver,
                         checkup.daemon.recoveries.unannounced > 0
                             ? " (a guess: this kernel does not announce every recovery)"
                             : ""),
             slot.status.automatic_action
                 ? "slotd brings the card back by re-enumeration, which loses its I/O; a driver "
                   "with callbacks would keep it."
                 : "Set automatic_action = true for this slot, so that slotd brings the card back; "
                   "or take a driver with AER callbacks."});
    }
}

void judge_function(const FunctionFacts& facts, Findings& findings) {
    const std::string name = facts.address.to_string();
    if (facts.reset_methods.empty()) {
        findings.push_back({Severity::Ok, FindingKind::NoResetMethod,
                            "The kernel has no way to reset " + name + " alone.", ""});
    }
    if (facts.errors.fatal + facts.errors.nonfatal > 0) {
        findings.push_back(
            {Severity::Ok, FindingKind::ErrorsCounted,
             fmt::format("{} has reported {} fatal and {} non-fatal errors since it was "
                         "enumerated.",
                         name, facts.errors.fatal, facts.errors.nonfatal),
             "Where the number grows, seat the card again or replace it."});
    }
}

/// Whether everything below the port can be reset without being enumerated anew.
void judge_resets(const ExaminedSlot& slot, Findings& findings) {
    const auto& functions = slot.known.status.functions;
    const auto has_flr = [](const FunctionFacts& facts) {
        return std::ranges::any_of(facts.reset_methods, [](const std::string& method) {
            return method == "flr" || method == "af_flr" || method == "device_specific";
        });
    };
    const bool bridge = std::ranges::any_of(functions, &pci::Function::is_bridge);
    const bool several =
        slot.port.functions.size() > 1 && !std::ranges::all_of(slot.port.functions, has_flr);
    if (bridge || several) {
        findings.push_back(
            {Severity::Ok, FindingKind::OnlyReenumeration,
             std::string(bridge ? "A switch is below the port" : "The card has several functions") +
                 ": the kernel resets the whole of it in no other way than by enumerating it "
                 "anew.",
             bridge ? "" : "Through VFIO its functions can be reset together (method vfio)."});
    }
}

}  // namespace

std::vector<Finding> card_findings(const ExaminedSlot& slot, const Checkup& checkup) {
    Findings findings;
    if (!slot.port.found) {
        return findings;
    }
    const auto& functions = slot.known.status.functions;
    for (const pci::Function& function : functions) {
        judge_driver(function, slot.known, checkup, findings);
    }
    for (const FunctionFacts& facts : slot.port.functions) {
        judge_function(facts, findings);
    }
    judge_resets(slot, findings);
    const bool silent = std::ranges::none_of(slot.port.functions, &FunctionFacts::reports_errors);
    if (!slot.port.functions.empty() && silent) {
        findings.push_back({Severity::Ok, FindingKind::CardReportsNoErrors,
                            "The card cannot report errors: slotd hears only of those that the "
                            "port sees.",
                            ""});
    }
    return findings;
}

}  // namespace slotd::report
