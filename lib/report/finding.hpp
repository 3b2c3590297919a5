#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/health.hpp"

namespace slotd::report {

/// What there is to find. Each has a line in docs/doctor.md, which a test compares.
enum class FindingKind : std::uint8_t {
    // of the machine
    ErrorReportingOff,
    PortServicesOff,
    PortServicesForced,
    Lockdown,
    LockdownUnknown,
    LeakyReset,
    NoResetSuppression,
    TraceUnheard,
    HotplugTraceMissing,
    ExecutorDied,
    ExecutorSilent,
    HistoryUnusable,
    HooksUnreadable,
    AutomaticActionOff,
    RecoveriesUnannounced,
    KernelUnread,
    // of a slot
    PortGone,
    NeedsPerson,
    Held,
    BudgetSpent,
    FirmwareFirst,
    NoErrorCapability,
    ErrorServiceUnbound,
    HotplugNotNative,
    HotplugServiceUnbound,
    AmbiguousName,
    NotExclusive,
    SurpriseUnannounced,
    LinkBelowMaximum,
    // of a card
    DriverWithoutCallbacks,
    NoDriver,
    CardReportsNoErrors,
    NoResetMethod,
    OnlyReenumeration,
    ThroughVfio,
    ErrorsCounted,
};

/// "driver-without-callbacks": the stable name.
const char* to_text(FindingKind kind);
const std::vector<FindingKind>& all_finding_kinds();

/// One thing that is not as well as it could be.
struct Finding {
    Severity severity = Severity::Ok;  ///< Ok: good to know, nothing is wrong
    FindingKind kind = FindingKind::NeedsPerson;
    std::string text;    ///< whole sentences
    std::string advice;  ///< what would make it better; empty where nothing would
    bool operator==(const Finding&) const = default;
};

}  // namespace slotd::report
