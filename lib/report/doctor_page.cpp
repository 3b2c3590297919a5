#include "report/doctor_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pci/link.hpp"
#include "pci/service.hpp"
#include "policy/level.hpp"
#include "report/checkup.hpp"
#include "report/diagnosis.hpp"
#include "report/finding.hpp"
#include "report/guarantee.hpp"
#include "report/health.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"

namespace slotd::report {

namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kName = 11;
/// Narrower than that no sentence can be read.
constexpr std::size_t kTextMin = 20;

Paint paint_of(Severity severity) {
    switch (severity) {
        case Severity::Ok:
            return Paint::Good;
        case Severity::Warning:
            return Paint::Attention;
        case Severity::Critical:
        case Severity::Unknown:
            return Paint::Alarm;
    }
    return Paint::Plain;
}

std::string upper(std::string_view text) {
    std::string big(text);
    std::ranges::transform(big, big.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return big;
}

/// Writes facts and findings with their names in a column of their own, and breaks lines between
/// words where the terminal ends.
class Page {
public:
    explicit Page(const Style& style) : style_(style) {}

    void heading(const std::string& subject, Severity severity, const std::string& verdict) {
        if (!text_.empty()) {
            text_ += "\n";
        }
        const std::string word = upper(severity_name(severity));
        const std::string line = subject + ": " + word + ": " + printable(verdict);
        const std::string shown = cut(line, style_.columns);
        const std::size_t at = subject.size() + 2;
        text_ += style_.colour && shown.size() > at + word.size()
                     ? shown.substr(0, at) + painted(word, paint_of(severity), style_) +
                           shown.substr(at + word.size())
                     : shown;
        text_ += "\n";
    }

    void fact(std::string_view name, std::string_view value, Paint paint = Paint::Plain) {
        text_ += std::string(kIndent, ' ') + painted(fitted(name, kName), paint, style_);
        paragraph(printable(value));
    }

    /// More of the fact before.
    void more(std::string_view value) {
        text_ += std::string(kIndent + kName, ' ');
        paragraph(printable(value));
    }

    void finding(const Finding& finding) {
        const bool note = finding.severity == Severity::Ok;
        fact(note ? "note" : severity_name(finding.severity),
             finding.text + " [" + to_text(finding.kind) + "]",
             note ? Paint::Faint : paint_of(finding.severity));
        if (!finding.advice.empty()) {
            more("-> " + finding.advice);
        }
    }

    std::string take() { return std::move(text_); }

private:
    void paragraph(std::string_view rest) {
        const std::size_t before = kIndent + kName;
        const std::size_t room =
            style_.columns == 0
                ? 0
                : std::max(kTextMin, style_.columns - std::min(style_.columns, before));
        while (room != 0 && columns(rest) > room) {
            // Byte by byte is column by column where it matters: these are English sentences.
            std::size_t end = rest.rfind(' ', room);
            if (end == std::string_view::npos || end == 0) {
                end = rest.find(' ', room);
            }
            if (end == std::string_view::npos) {
                break;
            }
            text_ += std::string(rest.substr(0, end)) + "\n" + std::string(before, ' ');
            rest.remove_prefix(end + 1);
        }
        text_ += std::string(rest) + "\n";
    }

    const Style& style_;
    std::string text_;
};

std::string joined(const std::vector<std::string>& words, const char* none) {
    return words.empty() ? none : fmt::format("{}", fmt::join(words, ", "));
}

const char* answer(Known known) {
    switch (known) {
        case Known::No:
            return "no";
        case Known::Yes:
            return "yes";
        case Known::Unknown:
            return "unknown";
    }
    return "unknown";
}

std::string heard_text(const Checkup& checkup) {
    const DaemonFacts& daemon = checkup.daemon;
    if (daemon.trace_problem) {
        return "uevents; no trace event";
    }
    const auto missing = [&](Known in_kernel, const char* event) {
        return in_kernel == Known::No ||
               std::ranges::find(daemon.trace_unseen, event) != daemon.trace_unseen.end();
    };
    std::string text = "uevents";
    for (const auto& [known, event] :
         {std::pair{checkup.kernel.has_error_trace, "ras:aer_event"},
          std::pair{checkup.kernel.has_hotplug_trace, "pci:pci_hp_event"}}) {
        text += missing(known, event) ? "" : std::string(", ") + event;
    }
    return text;
}

void machine_facts(Page& page, const Checkup& checkup) {
    const KernelFacts& kernel = checkup.kernel;
    const DaemonFacts& daemon = checkup.daemon;
    if (kernel.release.empty()) {
        page.fact("kernel", "not read: " + daemon.sysfs + " is no kernel's");
    } else {
        page.fact("kernel",
                  kernel.release + (kernel.parameters.empty()
                                        ? ""
                                        : ", booted with " + joined(kernel.parameters, "")));
        page.fact("ignores", fmt::format("link changes of its own resets: {}, of DPC: {}",
                                         answer(kernel.ignores_reset_flaps),
                                         answer(kernel.ignores_dpc_flaps)));
        page.fact("slot-aware", fmt::format("resets above nested slots: {}, reset_subordinate: {}",
                                            answer(kernel.resets_nested_slots),
                                            answer(kernel.resets_below_slots)));
        page.fact("interrupt", fmt::format("shared by hot-plug and bandwidth control: {}",
                                           answer(kernel.shares_interrupt)));
        page.fact("firmware", fmt::format("has an error source table (HEST): {}",
                                          answer(kernel.firmware_has_errors)));
        page.fact("lockdown", kernel.lockdown.empty() ? "unknown" : kernel.lockdown);
    }
    page.fact("heard", heard_text(checkup));
    page.fact("recoveries",
              fmt::format("{} begun, {} succeeded, {} failed in this run", daemon.recoveries.began,
                          daemon.recoveries.succeeded, daemon.recoveries.failed));
    page.fact("slotd-exec", daemon.executor_problem ? *daemon.executor_problem
                            : daemon.executor_deaths == 0
                                ? "ready"
                                : fmt::format("ready, {} ended before", daemon.executor_deaths));
    page.fact("history", daemon.history_problem ? "unusable" : "usable");
    page.fact("hooks", daemon.hooks_problem ? "unknown" : joined(daemon.hooks, "none"));
    page.fact("automatic", daemon.automatic_action ? "on" : "off");
}

/// "bound: aer; not bound: pciehp; not there: dpc"; aer is that of the Root Port.
std::string services_text(const ExaminedSlot& slot) {
    std::string bound;
    std::string unbound;
    std::string missing;
    const auto add = [&](bool there, bool is_bound, pci::Service service) {
        std::string& list = !there ? missing : is_bound ? bound : unbound;
        list += (list.empty() ? "" : ", ") + std::string(driver_name(service));
    };
    const PortFacts& port = slot.port;
    add(port.root_services.contains(pci::Service::Aer), port.root_bound.contains(pci::Service::Aer),
        pci::Service::Aer);
    for (const pci::Service service : {pci::Service::Dpc, pci::Service::Pciehp}) {
        add(port.services.contains(service), port.bound.contains(service), service);
    }
    // Kernels without its driver have the device all the same.
    if (port.bound.contains(pci::Service::BwCtrl)) {
        add(true, true, pci::Service::BwCtrl);
    }
    return "bound: " + (bound.empty() ? "none" : bound) +
           (unbound.empty() ? "" : "; not bound: " + unbound) +
           (missing.empty() ? "" : "; not there: " + missing);
}

std::string function_text(const pci::Function& function, const PortFacts& port) {
    const std::string driver = function.driver.empty() ? "no driver" : function.driver;
    const auto facts = std::ranges::find(port.functions, function.address, &FunctionFacts::address);
    if (facts == port.functions.end()) {
        return function.address.to_string() + " " + driver;
    }
    return fmt::format("{} {}, resets: {}, {}", function.address.to_string(), driver,
                       joined(facts->reset_methods, "none"),
                       facts->reports_errors ? "reports errors" : "reports no errors");
}

/// As it was when slotd last looked.
std::string link_text(const std::optional<pci::Link>& link) {
    if (!link || !link->known()) {
        return link && link->up == false ? "down" : "not known";
    }
    return fmt::format("{} x{}, port and card can do {} x{}", pci::speed_text(link->speed),
                       link->width, pci::speed_text(link->speed_max), link->width_max);
}

void slot_facts(Page& page, const ExaminedSlot& slot, const Guarantee& guarantee) {
    page.fact("level",
              fmt::format("{}, {}", policy::to_text(guarantee.level), to_text(guarantee.strength)));
    page.more(guarantee.promise);
    for (const std::string& reason : guarantee.because) {
        page.more("- " + reason);
    }
    page.fact("phase", slot.known.status.phase);
    if (!slot.port.found) {
        return;
    }
    page.fact("services", services_text(slot));
    if (const auto& traits = slot.known.notes.traits) {
        page.fact("slot",
                  fmt::format("hot-plug: {}, may be pulled without a word: {}, power "
                              "controller: {}",
                              traits->hotplug ? "yes" : "no", traits->surprise ? "yes" : "no",
                              traits->power_controller ? "yes" : "no"));
    }
    page.fact("link", link_text(slot.known.status.link));
    for (const pci::Function& function : slot.known.status.functions) {
        page.fact("function", function_text(function, slot.port));
    }
    if (slot.known.status.functions.empty()) {
        page.fact("card", slot.known.status.occupied ? "not enumerated" : "none");
    }
}

}  // namespace

const char* severity_name(Severity severity) {
    switch (severity) {
        case Severity::Ok:
            return "ok";
        case Severity::Warning:
            return "warning";
        case Severity::Critical:
            return "critical";
        case Severity::Unknown:
            return "unknown";
    }
    return "unknown";
}

std::string doctor_page(const Checkup& checkup, const Diagnosis& diagnosis, const Style& style) {
    Page page(style);
    const Severity machine =
        diagnosis.machine.empty() ? Severity::Ok : diagnosis.machine.front().severity;
    page.heading("machine", machine, diagnosis.verdict);
    machine_facts(page, checkup);
    std::ranges::for_each(diagnosis.machine, [&](const Finding& one) { page.finding(one); });
    for (std::size_t i = 0; i < diagnosis.slots.size(); ++i) {
        const SlotDiagnosis& slot = diagnosis.slots[i];
        page.heading(slot.port.to_string() +
                         (slot.slot.empty() ? "" : " (slot " + printable(slot.slot) + ")"),
                     slot.severity, slot.verdict);
        slot_facts(page, checkup.slots.at(i), slot.guarantee);
        std::ranges::for_each(slot.findings, [&](const Finding& one) { page.finding(one); });
    }
    return page.take();
}

}  // namespace slotd::report
