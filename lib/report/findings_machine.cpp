#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
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

void judge_parameters(const KernelFacts& kernel, Findings& findings) {
    for (const std::string_view off : {"noaer", "nomsi"}) {
        if (booted_with(kernel, "pci", off)) {
            findings.push_back(
                {Severity::Critical, FindingKind::ErrorReportingOff,
                 fmt::format("The boot parameter pci={} leaves the kernel without its services aer "
                             "and dpc: nobody hears of a card's errors.",
                             off),
                 fmt::format("Boot without pci={}.", off)});
        }
    }
    if (booted_with(kernel, "pcie_ports", "compat")) {
        findings.push_back({Severity::Critical, FindingKind::PortServicesOff,
                            "The boot parameter pcie_ports=compat leaves every port without the "
                            "kernel's services: no error recovery, no hot-plug.",
                            "Boot without pcie_ports=compat."});
    }
    for (const std::string_view forced : {"native", "dpc-native"}) {
        if (booted_with(kernel, "pcie_ports", forced)) {
            findings.push_back(
                {Severity::Ok, FindingKind::PortServicesForced,
                 fmt::format("The boot parameter pcie_ports={} gives the ports to the kernel "
                             "whatever the firmware says: the firmware may act on them too.",
                             forced),
                 ""});
        }
    }
}

void judge_lockdown(const Checkup& checkup, Findings& findings) {
    const KernelFacts& kernel = checkup.kernel;
    if (kernel.lockdown.empty() && !kernel.release.empty()) {
        findings.push_back({Severity::Ok, FindingKind::LockdownUnknown,
                            "Whether the kernel is locked down cannot be read from "
                            "/sys/kernel/security/lockdown: it has no lockdown, or securityfs is "
                            "not mounted.",
                            ""});
    }
    if (!locked_down(kernel)) {
        return;
    }
    const bool fenced = std::ranges::any_of(checkup.machine, [](const SlotCase& slot) {
        return slot.status.level == policy::Level::Fence;
    });
    std::string text = fmt::format(
        "The kernel is locked down ({}): configuration space cannot be written, so there is no "
        "fence and no hot-plug mask.",
        kernel.lockdown);
    if (kernel.lockdown == "confidentiality") {
        text += " Trace events cannot be read either.";
    }
    findings.push_back({fenced ? Severity::Warning : Severity::Ok, FindingKind::Lockdown,
                        std::move(text),
                        fenced ? "Set level exclusive, which holds the kernel's services back "
                                 "without writing registers."
                               : ""});
}

void judge_kernel(const KernelFacts& kernel, Findings& findings) {
    if (kernel.ignores_reset_flaps == Known::Unknown) {
        findings.push_back({Severity::Ok, FindingKind::KernelUnread,
                            "What this kernel makes of link changes cannot be found out: its list "
                            "of symbols is not readable.",
                            ""});
    }
    if (kernel.ignores_reset_flaps != Known::No) {
        return;
    }
    if (kernel.shares_interrupt == Known::Yes) {
        findings.push_back(
            {Severity::Warning, FindingKind::LeakyReset,
             "This kernel takes the link change of a reset for an unplug: bandwidth control shares "
             "the hot-plug interrupt, and such changes are not ignored (6.13 to 6.15.2).",
             "Take a kernel from 6.16 on (or 6.15.3), or set level exclusive."});
    } else {
        findings.push_back(
            {Severity::Ok, FindingKind::NoResetSuppression,
             "This kernel masks the notification while it resets a slot, and does not ignore the "
             "link change itself: another interrupt in that moment makes an unplug of it.",
             "A kernel from 6.16 on ignores it; level exclusive avoids it."});
    }
}

void judge_hearing(const Checkup& checkup, Findings& findings) {
    const DaemonFacts& daemon = checkup.daemon;
    const auto unseen = [&](const char* event) {
        return std::ranges::find(daemon.trace_unseen, event) != daemon.trace_unseen.end();
    };
    const bool no_errors = checkup.kernel.has_error_trace == Known::No || unseen("ras:aer_event");
    if (daemon.trace_problem) {
        findings.push_back({Severity::Warning, FindingKind::TraceUnheard,
                            "slotd hears no trace events (" + *daemon.trace_problem +
                                "): of an error it hears only when its recovery has begun.",
                            "See 'systemctl status slotd-trace.socket'; tracefs has to be mounted "
                            "at /sys/kernel/tracing."});
    } else if (no_errors) {
        findings.push_back({Severity::Warning, FindingKind::TraceUnheard,
                            "This kernel has no trace event ras:aer_event: slotd hears of an error "
                            "only when its recovery has begun.",
                            "Take a kernel with CONFIG_RAS and CONFIG_PCIEAER."});
    }
    if (!daemon.trace_problem &&
        (checkup.kernel.has_hotplug_trace == Known::No || unseen("pci:pci_hp_event"))) {
        findings.push_back({Severity::Ok, FindingKind::HotplugTraceMissing,
                            "This kernel has no trace event pci:pci_hp_event: slotd hears of a "
                            "hot-plug only when the first driver has been taken off.",
                            "Kernels from 7.0 on have it."});
    }
    if (daemon.recoveries.unannounced > 0) {
        findings.push_back({Severity::Ok, FindingKind::RecoveriesUnannounced,
                            fmt::format("This kernel does not announce every recovery: of {} that "
                                        "succeeded, {} had no BEGIN_RECOVERY before.",
                                        daemon.recoveries.succeeded, daemon.recoveries.unannounced),
                            "Kernels from 6.18 on, and stable ones since October 2025, do."});
    }
}

void judge_daemon(const Checkup& checkup, Findings& findings) {
    const DaemonFacts& daemon = checkup.daemon;
    if (daemon.history_problem) {
        findings.push_back({Severity::Critical, FindingKind::HistoryUnusable,
                            "The history cannot be used (" + *daemon.history_problem +
                                "): slotd takes no step of its own accord.",
                            "Make room, or make the directory of [history] writable; slotd tries "
                            "again by itself."});
    }
    if (daemon.executor_problem) {
        findings.push_back({Severity::Critical, FindingKind::ExecutorSilent,
                            "slotd-exec does nothing that slotd asks for (" +
                                *daemon.executor_problem +
                                "): slots are neither looked at nor reset, and gates that are "
                                "closed stay so.",
                            "See 'systemctl status slotd-exec': 'systemctl kill -s CONT "
                            "slotd-exec' continues one that was stopped; a restart of it opens "
                            "all gates."});
    }
    if (daemon.executor_deaths > 0) {
        findings.push_back(
            {Severity::Warning, FindingKind::ExecutorDied,
             fmt::format("slotd-exec has ended {} since slotd's start, and was started again.",
                         daemon.executor_deaths == 1
                             ? std::string("once")
                             : fmt::format("{} times", daemon.executor_deaths)),
             "See 'journalctl -u slotd-exec'; a restart of slotd begins to count anew."});
    }
    if (daemon.hooks_problem) {
        findings.push_back(
            {Severity::Warning, FindingKind::HooksUnreadable,
             "Hooks cannot be asked (" + *daemon.hooks_problem + "): every step is refused.",
             "Make the directory of [hooks] readable for slotd, with at most 16 "
             "sockets."});
    }
    const auto acts = std::ranges::count_if(
        checkup.machine, [](const SlotCase& slot) { return slot.status.automatic_action; });
    if (!daemon.automatic_action) {
        findings.push_back(
            {Severity::Ok, FindingKind::AutomaticActionOff,
             acts == 0 ? std::string("Automatic action is off: a card that the kernel gives up on "
                                     "stays dead until somebody asks for a reset.")
                       : fmt::format("Automatic action is off but for {} of {} slots, by rules.",
                                     acts, checkup.machine.size()),
             "Set automatic_action = true in [coordinator]."});
    }
}

}  // namespace

std::vector<Finding> machine_findings(const Checkup& checkup) {
    Findings findings;
    judge_parameters(checkup.kernel, findings);
    judge_lockdown(checkup, findings);
    judge_kernel(checkup.kernel, findings);
    judge_hearing(checkup, findings);
    judge_daemon(checkup, findings);
    return findings;
}

}  // namespace slotd::report
