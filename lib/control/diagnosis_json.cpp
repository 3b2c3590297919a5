#include "control/diagnosis_json.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "pci/link.hpp"
#include "pci/service.hpp"
#include "policy/level.hpp"
#include "report/checkup.hpp"
#include "report/diagnosis.hpp"
#include "report/doctor_page.hpp"
#include "report/finding.hpp"
#include "report/guarantee.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;

json known(report::Known known) {
    return known == report::Known::Unknown ? json(nullptr) : json(known == report::Known::Yes);
}

json or_null(const std::optional<std::string>& text) {
    return text ? json(*text) : json(nullptr);
}

json or_null(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}

json services(const pci::ServiceSet& set) {
    json names = json::array();
    for (const pci::Service service : {pci::Service::Pme, pci::Service::Aer, pci::Service::Pciehp,
                                       pci::Service::Dpc, pci::Service::BwCtrl}) {
        if (set.contains(service)) {
            names.push_back(driver_name(service));
        }
    }
    return names;
}

json of_findings(const std::vector<report::Finding>& findings) {
    json all = json::array();
    for (const report::Finding& finding : findings) {
        all.push_back({{"severity", report::severity_name(finding.severity)},
                       {"kind", report::to_text(finding.kind)},
                       {"text", finding.text},
                       {"advice", finding.advice}});
    }
    return all;
}

json of_kernel(const report::KernelFacts& kernel) {
    return {{"release", or_null(kernel.release)},
            {"parameters", kernel.parameters},
            {"lockdown", or_null(kernel.lockdown)},
            {"ignores_reset_flaps", known(kernel.ignores_reset_flaps)},
            {"ignores_dpc_flaps", known(kernel.ignores_dpc_flaps)},
            {"resets_nested_slots", known(kernel.resets_nested_slots)},
            {"resets_below_slots", known(kernel.resets_below_slots)},
            {"has_error_trace", known(kernel.has_error_trace)},
            {"has_hotplug_trace", known(kernel.has_hotplug_trace)},
            {"shares_interrupt", known(kernel.shares_interrupt)},
            {"firmware_has_errors", known(kernel.firmware_has_errors)}};
}

json of_machine(const report::Checkup& checkup, const report::Diagnosis& diagnosis) {
    const report::DaemonFacts& daemon = checkup.daemon;
    return {{"version", daemon.version},
            {"kernel", of_kernel(checkup.kernel)},
            {"trace_problem", or_null(daemon.trace_problem)},
            {"history_problem", or_null(daemon.history_problem)},
            {"executor_problem", or_null(daemon.executor_problem)},
            {"executor_deaths", daemon.executor_deaths},
            {"hooks", daemon.hooks},
            {"automatic_action", daemon.automatic_action},
            {"findings", of_findings(diagnosis.machine)}};
}

json of_link(const std::optional<pci::Link>& link) {
    return link ? json{{"up", link->up ? json(*link->up) : json(nullptr)},
                       {"speed", pci::speed_in_mts(link->speed)},
                       {"width", link->width},
                       {"speed_max", pci::speed_in_mts(link->speed_max)},
                       {"width_max", link->width_max}}
                : json(nullptr);
}

json of_function(const pci::Function& function, const report::PortFacts& port) {
    json object{{"address", function.address.to_string()},
                {"driver", function.driver},
                {"reset_methods", json::array()},
                {"reports_errors", nullptr},
                {"errors", nullptr}};
    for (const report::FunctionFacts& facts : port.functions) {
        if (facts.address == function.address) {
            object["reset_methods"] = facts.reset_methods;
            object["reports_errors"] = facts.reports_errors;
            object["errors"] = {{"correctable", facts.errors.correctable},
                                {"nonfatal", facts.errors.nonfatal},
                                {"fatal", facts.errors.fatal}};
        }
    }
    return object;
}

json of_traits(const std::optional<event::SlotTraits>& traits) {
    return traits ? json{{"hotplug", traits->hotplug},
                         {"surprise", traits->surprise},
                         {"power_controller", traits->power_controller}}
                  : json(nullptr);
}

json of_slot(const report::ExaminedSlot& slot, const report::SlotDiagnosis& diagnosis) {
    json functions = json::array();
    for (const pci::Function& function : slot.known.status.functions) {
        functions.push_back(of_function(function, slot.port));
    }
    const report::Guarantee& guarantee = diagnosis.guarantee;
    return {{"port", diagnosis.port.to_string()},
            {"slot", diagnosis.slot},
            {"severity", report::severity_name(diagnosis.severity)},
            {"verdict", diagnosis.verdict},
            {"phase", slot.known.status.phase},
            {"guarantee",
             {{"level", policy::to_text(guarantee.level)},
              {"strength", report::to_text(guarantee.strength)},
              {"promise", guarantee.promise},
              {"because", guarantee.because}}},
            {"found", slot.port.found},
            {"traits", of_traits(slot.known.notes.traits)},
            {"services", services(slot.port.services)},
            {"bound", services(slot.port.bound)},
            {"root_services", services(slot.port.root_services)},
            {"root_bound", services(slot.port.root_bound)},
            {"link", of_link(slot.known.status.link)},
            {"functions", std::move(functions)},
            {"findings", of_findings(diagnosis.findings)}};
}

}  // namespace

std::string diagnosis_json(const report::Checkup& checkup, const report::Diagnosis& diagnosis) {
    json slots = json::array();
    for (std::size_t i = 0; i < diagnosis.slots.size(); ++i) {
        slots.push_back(of_slot(checkup.slots.at(i), diagnosis.slots[i]));
    }
    return json_text({{"severity", report::severity_name(diagnosis.severity)},
                      {"verdict", diagnosis.verdict},
                      {"machine", of_machine(checkup, diagnosis)},
                      {"slots", std::move(slots)}});
}

}  // namespace slotd::control
