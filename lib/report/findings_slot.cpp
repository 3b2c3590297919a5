#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "pci/address.hpp"
#include "pci/link.hpp"
#include "pci/service.hpp"
#include "policy/level.hpp"
#include "report/boot_parameters.hpp"
#include "report/checkup.hpp"
#include "report/diagnosis.hpp"
#include "report/finding.hpp"
#include "report/guarantee.hpp"
#include "report/health.hpp"

namespace slotd::report {

namespace {

using Findings = std::vector<Finding>;
using pci::Service;

struct PhaseAdvice {
    const char* phase;
    const char* advice;
};

constexpr std::array kForAPerson{
    PhaseAdvice{"needs-operator",
                "Look at the card; 'slotctl reset SLOT --reason TEXT', a release or another card "
                "ends it."},
    PhaseAdvice{"quarantined", "Replace the card, or 'slotctl release SLOT --reason TEXT'."},
    PhaseAdvice{"wedged", "The machine has to be booted at a good time; other slots go on."},
};

void judge_phase(const coordinator::SlotStatus& status, Findings& findings) {
    const std::string why = status.reason.empty() ? "" : ": " + status.reason;
    const auto* const person = std::ranges::find(
        kForAPerson, status.phase, [](const auto& one) { return std::string_view(one.phase); });
    if (person != kForAPerson.end()) {
        findings.push_back({Severity::Critical, FindingKind::NeedsPerson,
                            "The slot waits for a person, " + status.phase + why + ".",
                            person->advice});
    } else if (!status.quarantine.empty()) {
        findings.push_back({Severity::Critical, FindingKind::NeedsPerson,
                            "The slot is in quarantine: " + status.quarantine + ".",
                            kForAPerson[1].advice});
    }
    if (!status.held_by.empty()) {
        findings.push_back({Severity::Warning, FindingKind::Held,
                            "slotd keeps its hands off the slot for " + status.held_by + ".",
                            "'slotctl release SLOT --reason TEXT' ends that."});
    }
    if (status.automatic_action && status.budget_left == 0) {
        findings.push_back({Severity::Warning, FindingKind::BudgetSpent,
                            "No automatic attempt is left for the slot.",
                            "Find out why it needed so many; 'slotctl release SLOT --reason TEXT' "
                            "gives them back."});
    }
}

/// A service that slotd holds back itself, for this slot or another, is no finding.
bool held_back(const Checkup& checkup, const pci::Address& port, Service service) {
    const std::string gate = fmt::format("{} of {}", driver_name(service), port.to_string());
    return std::ranges::any_of(checkup.machine, [&](const SlotCase& slot) {
        return std::ranges::find(slot.status.gates, gate) != slot.status.gates.end();
    });
}

/// "echo 0000:00:1c.0:pcie002 > /sys/bus/pci_express/drivers/aer/bind"
std::string bind_advice(const pci::Address& port, bool is_root, Service service) {
    return fmt::format("As root: echo {}:pcie{}{:02x} > /sys/bus/pci_express/drivers/{}/bind",
                       port.to_string(), is_root ? 0 : 2, std::to_underlying(service),
                       driver_name(service));
}

void judge_unbound(const ExaminedSlot& slot, const Checkup& checkup, Findings& findings) {
    const coordinator::SlotStatus& status = slot.known.status;
    const bool is_root = status.port == status.root_port;
    // At work slotd moves them itself.
    const auto unbound = [&](const pci::Address& port, const pci::ServiceSet& there,
                             const pci::ServiceSet& bound, Service service) {
        return status.phase == "idle" && there.contains(service) && !bound.contains(service) &&
               !held_back(checkup, port, service);
    };
    if (unbound(status.root_port, slot.port.root_services, slot.port.root_bound, Service::Aer)) {
        findings.push_back(
            {Severity::Critical, FindingKind::ErrorServiceUnbound,
             fmt::format("The kernel's service aer is not bound to Root Port {}, and slotd has not "
                         "unbound it: nobody hears of errors below it.",
                         status.root_port.to_string()),
             bind_advice(status.root_port, true, Service::Aer)});
    }
    if (unbound(status.port, slot.port.services, slot.port.bound, Service::Dpc)) {
        findings.push_back({Severity::Warning, FindingKind::ErrorServiceUnbound,
                            "The kernel's service dpc is not bound to this port, and slotd has not "
                            "unbound it: errors are not contained.",
                            bind_advice(status.port, is_root, Service::Dpc)});
    }
    if (unbound(status.port, slot.port.services, slot.port.bound, Service::Pciehp)) {
        findings.push_back({Severity::Critical, FindingKind::HotplugServiceUnbound,
                            "The kernel's service pciehp is not bound to this port, and slotd has "
                            "not unbound it: cards that come and go are not noticed.",
                            bind_advice(status.port, is_root, Service::Pciehp)});
    }
}

/// The kernel itself was told not to: said once, of the machine.
bool services_switched_off(const KernelFacts& kernel) {
    return booted_with(kernel, "pcie_ports", "compat") || booted_with(kernel, "pci", "noaer") ||
           booted_with(kernel, "pci", "nomsi");
}

void judge_missing(const ExaminedSlot& slot, const KernelFacts& kernel, Findings& findings) {
    const std::string root = slot.known.status.root_port.to_string();
    if (!slot.port.reports_errors) {
        findings.push_back({Severity::Warning, FindingKind::NoErrorCapability,
                            "Root Port " + root +
                                " cannot report errors, or the kernel is built without AER: slotd "
                                "hears of none from this slot.",
                            ""});
    } else if (!slot.port.root_services.contains(Service::Aer) && !services_switched_off(kernel)) {
        findings.push_back(
            {Severity::Warning, FindingKind::FirmwareFirst,
             "Root Port " + root +
                 " can report errors, and the kernel has no aer service there: the platform's "
                 "firmware has kept error reporting (ACPI _OSC). slotd hears only of what the "
                 "firmware passes on, and cannot hold back a recovery that it starts.",
             "Give AER to the operating system in the firmware's setup; or, if the vendor allows "
             "it, boot with pcie_ports=native."});
    }
    const bool hotplug = slot.known.notes.traits && slot.known.notes.traits->hotplug;
    if (hotplug && !slot.port.services.contains(Service::Pciehp) &&
        !booted_with(kernel, "pcie_ports", "compat")) {
        findings.push_back(
            {Severity::Warning, FindingKind::HotplugNotNative,
             "The slot is hot-plug capable, and the kernel has no pciehp service there: the "
             "platform's firmware has kept hot-plug (ACPI _OSC), or this kernel has no pciehp. "
             "slotd cannot hold that hot-plug back.",
             "Give native hot-plug to the operating system in the firmware's setup; or, if the "
             "vendor allows it, boot with pcie_ports=native."});
    }
}

/// The number on the chassis: the kernel calls the second slot 11 "11-1".
std::string_view label_of(std::string_view name) {
    return name.substr(0, name.find('-'));
}

void judge_name(const SlotCase& slot, const Checkup& checkup, Findings& findings) {
    const std::string& name = slot.status.slot;
    std::string others;
    for (const SlotCase& other : checkup.machine) {
        if (!name.empty() && other.status.port != slot.status.port &&
            label_of(other.status.slot) == label_of(name)) {
            others += (others.empty() ? "" : ", ") + other.status.port.to_string();
        }
    }
    if (!others.empty()) {
        findings.push_back({Severity::Ok, FindingKind::AmbiguousName,
                            "The slot number " + std::string(label_of(name)) +
                                " is not the only one: " + others + " has it too.",
                            "Name the slot by its port's address, and look twice before you pull a "
                            "card."});
    }
}

/// Of an empty slot, and while the link is down, it has no speed.
void judge_link(const coordinator::SlotStatus& status, Findings& findings) {
    const auto& link = status.link;
    if (!status.occupied || !link || (!link->slower() && !link->narrower())) {
        return;
    }
    findings.push_back(
        {Severity::Warning, FindingKind::LinkBelowMaximum,
         fmt::format("The link is {} x{}, and port and card can do {} x{}.",
                     pci::speed_text(link->speed), link->width, pci::speed_text(link->speed_max),
                     link->width_max),
         "Seat the card again, clean its contacts, try another slot; some cards slow down by "
         "themselves to save power."});
}

}  // namespace

std::vector<Finding> slot_findings(const ExaminedSlot& slot, const Checkup& checkup) {
    Findings findings;
    judge_phase(slot.known.status, findings);
    if (!slot.port.found) {
        findings.push_back({Severity::Warning, FindingKind::PortGone,
                            "slotd knows this port, and sysfs does not show it: it has gone just "
                            "now, or sysfs cannot be read.",
                            "Ask again."});
        return findings;
    }
    judge_missing(slot, checkup.kernel, findings);
    judge_unbound(slot, checkup, findings);
    judge_name(slot.known, checkup, findings);
    judge_link(slot.known.status, findings);
    const Guarantee guarantee = guarantee_of(slot, checkup.kernel, checkup.daemon);
    const bool both =
        guarantee.strength == Strength::BestEffort || guarantee.strength == Strength::WatchOnly;
    if (both && guarantee.level != policy::Level::Exclusive) {
        findings.push_back(
            {Severity::Ok, FindingKind::NotExclusive,
             "The kernel's error recovery and its hot-plug may meet at this slot.",
             "Level exclusive rules it out, and the kernel's known deadlock of the two with it. "
             "Its cost: /sys/bus/pci/slots/" +
                 (slot.known.status.slot.empty() ? "N" : slot.known.status.slot) +
                 " is absent, and hot-plug is noticed up to half a second late."});
    }
    if (slot.known.notes.traits && slot.known.notes.traits->hotplug &&
        !slot.known.notes.traits->surprise) {
        findings.push_back({Severity::Ok, FindingKind::SurpriseUnannounced,
                            "The slot does not say that a card may be pulled without a word "
                            "before.",
                            "Before you pull a card, switch the slot off (its button, or 'echo 0' "
                            "to its power file)."});
    }
    return findings;
}

}  // namespace slotd::report
