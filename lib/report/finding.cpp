#include "report/finding.hpp"

#include <array>
#include <utility>
#include <vector>

namespace slotd::report {

namespace {

constexpr std::array kNames{
    std::pair{FindingKind::ErrorReportingOff, "error-reporting-off"},
    std::pair{FindingKind::PortServicesOff, "port-services-off"},
    std::pair{FindingKind::PortServicesForced, "port-services-forced"},
    std::pair{FindingKind::Lockdown, "lockdown"},
    std::pair{FindingKind::LockdownUnknown, "lockdown-unknown"},
    std::pair{FindingKind::LeakyReset, "leaky-reset"},
    std::pair{FindingKind::NoResetSuppression, "no-reset-suppression"},
    std::pair{FindingKind::TraceUnheard, "trace-unheard"},
    std::pair{FindingKind::HotplugTraceMissing, "hotplug-trace-missing"},
    std::pair{FindingKind::ExecutorDied, "executor-died"},
    std::pair{FindingKind::ExecutorSilent, "executor-silent"},
    std::pair{FindingKind::HistoryUnusable, "history-unusable"},
    std::pair{FindingKind::HooksUnreadable, "hooks-unreadable"},
    std::pair{FindingKind::AutomaticActionOff, "automatic-action-off"},
    std::pair{FindingKind::RecoveriesUnannounced, "recoveries-unannounced"},
    std::pair{FindingKind::KernelUnread, "kernel-unread"},
    std::pair{FindingKind::PortGone, "port-gone"},
    std::pair{FindingKind::NeedsPerson, "needs-person"},
    std::pair{FindingKind::Held, "held"},
    std::pair{FindingKind::BudgetSpent, "budget-spent"},
    std::pair{FindingKind::FirmwareFirst, "firmware-first"},
    std::pair{FindingKind::NoErrorCapability, "no-error-capability"},
    std::pair{FindingKind::ErrorServiceUnbound, "error-service-unbound"},
    std::pair{FindingKind::HotplugNotNative, "hotplug-not-native"},
    std::pair{FindingKind::HotplugServiceUnbound, "hotplug-service-unbound"},
    std::pair{FindingKind::AmbiguousName, "ambiguous-name"},
    std::pair{FindingKind::NotExclusive, "not-exclusive"},
    std::pair{FindingKind::SurpriseUnannounced, "surprise-unannounced"},
    std::pair{FindingKind::LinkBelowMaximum, "link-below-maximum"},
    std::pair{FindingKind::DriverWithoutCallbacks, "driver-without-callbacks"},
    std::pair{FindingKind::NoDriver, "no-driver"},
    std::pair{FindingKind::CardReportsNoErrors, "card-reports-no-errors"},
    std::pair{FindingKind::NoResetMethod, "no-reset-method"},
    std::pair{FindingKind::OnlyReenumeration, "only-reenumeration"},
    std::pair{FindingKind::ThroughVfio, "through-vfio"},
    std::pair{FindingKind::ErrorsCounted, "errors-counted"},
};

}  // namespace

const char* to_text(FindingKind kind) {
    for (const auto& [known, name] : kNames) {
        if (known == kind) {
            return name;
        }
    }
    return "unknown";
}

const std::vector<FindingKind>& all_finding_kinds() {
    static const std::vector<FindingKind> all = [] {
        std::vector<FindingKind> kinds;
        for (const auto& [kind, name] : kNames) {
            kinds.push_back(kind);
        }
        return kinds;
    }();
    return all;
}

}  // namespace slotd::report
