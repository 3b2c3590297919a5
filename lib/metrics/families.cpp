#include "metrics/families.hpp"

#include <array>
#include <span>

#include "metrics/exposition.hpp"

namespace slotd::metrics {

std::span<const Family* const> all_families() {
    static constexpr std::array kAll{&kBuild,
                                     &kStartTime,
                                     &kHistoryUsable,
                                     &kHistoryDropped,
                                     &kClients,
                                     &kSubscribers,
                                     &kSubscribersMissed,
                                     &kJournalDropped,
                                     &kRecords,
                                     &kMissedEvents,
                                     &kKernelErrors,
                                     &kKernelRecoveries,
                                     &kIncidents,
                                     &kOpenIncidents,
                                     &kRecoverySeconds,
                                     &kAttempts,
                                     &kRequests,
                                     &kHookInquiries,
                                     &kEffects,
                                     &kWedgedWorkers,
                                     &kExecutorRestarts,
                                     &kGateClosed,
                                     &kGateSeconds,
                                     &kSlot,
                                     &kSlotPhase,
                                     &kSlotOccupied,
                                     &kSlotHeld,
                                     &kSlotQuarantined,
                                     &kSlotBudgetLeft,
                                     &kRootPortBudgetLeft,
                                     &kHostBudgetLeft,
                                     &kBudgetSize,
                                     &kBudgetWindow};
    return kAll;
}

}  // namespace slotd::metrics
