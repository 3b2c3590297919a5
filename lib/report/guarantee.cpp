#include "report/guarantee.hpp"

#include <string>
#include <vector>

#include "pci/service.hpp"
#include "policy/level.hpp"
#include "report/checkup.hpp"

namespace slotd::report {

namespace {

using policy::Level;

/// The kernel recovers errors here by itself.
bool recovers_natively(const PortFacts& port) {
    return port.root_services.contains(pci::Service::Aer) ||
           port.services.contains(pci::Service::Dpc);
}

/// What makes slotd hear late, so that holding back the other side comes late.
void add_late_hearing(std::vector<std::string>& because, const KernelFacts& kernel,
                      const DaemonFacts& daemon) {
    if (daemon.trace_problem) {
        because.emplace_back(
            "slotd hears no trace events: of an error it hears when the recovery is under way");
    }
    if (!daemon.trace_problem && kernel.has_hotplug_trace == Known::No) {
        because.emplace_back(
            "this kernel has no trace event of hot-plug: slotd hears of it when the first driver "
            "has been taken off");
    }
    if (kernel.shares_interrupt == Known::Yes && kernel.ignores_reset_flaps == Known::No) {
        because.emplace_back(
            "bandwidth control shares the hot-plug interrupt, and this kernel does not ignore link "
            "changes of its own resets: masking them may leak");
    }
}

Guarantee at_fence(const KernelFacts& kernel, const DaemonFacts& daemon) {
    Guarantee guarantee{
        .level = Level::Fence,
        .strength = Strength::BestEffort,
        .promise =
            "slotd's resets are not taken for an unplug and start no error recovery; the "
            "kernel's recovery and hot-plug are held apart once slotd has heard of one of them.",
        .because = {}};
    if (locked_down(kernel)) {
        guarantee.strength = Strength::WatchOnly;
        guarantee.promise =
            "Only slotd's own steps are kept apart: lockdown keeps it from the registers that "
            "level fence needs.";
    }
    add_late_hearing(guarantee.because, kernel, daemon);
    return guarantee;
}

Guarantee by_level(Level level, const KernelFacts& kernel, const DaemonFacts& daemon) {
    switch (level) {
        case Level::Observe:
            return {level,
                    Strength::WatchOnly,
                    "Only slotd's own steps are kept apart; the kernel's recovery and hot-plug may "
                    "meet.",
                    {}};
        case Level::Fence:
            return at_fence(kernel, daemon);
        case Level::Exclusive:
            return {level,
                    Strength::Firm,
                    "The kernel's error recovery and its hot-plug never run at the same time.",
                    {}};
    }
    return {};
}

}  // namespace

const char* to_text(Strength strength) {
    switch (strength) {
        case Strength::NotNeeded:
            return "not needed";
        case Strength::Firm:
            return "firm";
        case Strength::BestEffort:
            return "best effort";
        case Strength::WatchOnly:
            return "watches only";
    }
    return "unknown";
}

bool locked_down(const KernelFacts& kernel) {
    return kernel.lockdown == "integrity" || kernel.lockdown == "confidentiality";
}

Guarantee guarantee_of(const ExaminedSlot& slot, const KernelFacts& kernel,
                       const DaemonFacts& daemon) {
    const Level level = slot.known.status.level;
    const PortFacts& port = slot.port;
    if (!port.services.contains(pci::Service::Pciehp)) {
        return {level,
                Strength::NotNeeded,
                "The kernel does no hot-plug at this port, so that nothing meets its error "
                "recovery.",
                {}};
    }
    Guarantee guarantee = by_level(level, kernel, daemon);
    if (recovers_natively(port)) {
        return guarantee;
    }
    if (kernel.firmware_has_errors == Known::No) {
        return {level,
                Strength::NotNeeded,
                "The kernel does no error recovery at this port, so that nothing meets its "
                "hot-plug.",
                {}};
    }
    if (guarantee.strength == Strength::Firm) {
        guarantee.strength = Strength::BestEffort;
        guarantee.promise = "slotd keeps its own steps and the kernel's hot-plug apart.";
    }
    guarantee.because.emplace_back(
        "the platform's firmware may have the errors here: a recovery that it starts can be held "
        "back by nobody");
    return guarantee;
}

}  // namespace slotd::report
