#pragma once

#include <span>

#include "metrics/exposition.hpp"

namespace slotd::metrics {

/// Everything that slotd tells a monitoring system. docs/metrics.md says what each is good for; a
/// test holds the two together, and another the alert rules and the dashboard with this.

inline constexpr Family kBuild{"slotd_build", Type::Info, "", "version",
                               "Version of the running slotd."};
inline constexpr Family kStartTime{"slotd_start_time_seconds", Type::Gauge, "seconds", "",
                                   "When slotd started, since the epoch: all counters began at 0 "
                                   "then."};
inline constexpr Family kHistoryUsable{"slotd_history_usable", Type::Gauge, "", "",
                                       "1 where the history can be written; 0: no automatic "
                                       "action."};
inline constexpr Family kHistoryDropped{"slotd_history_dropped_entries", Type::Counter, "", "",
                                        "Entries that the history had no room for."};
inline constexpr Family kClients{"slotd_clients", Type::Gauge, "", "",
                                 "Connections to the control socket."};
inline constexpr Family kSubscribers{"slotd_subscribers", Type::Gauge, "", "",
                                     "Clients that are told of every record."};
inline constexpr Family kSubscribersMissed{"slotd_subscribers_missed_records", Type::Counter, "",
                                           "", "Records that a subscriber did not read in time."};
inline constexpr Family kJournalDropped{"slotd_journal_dropped_lines", Type::Counter, "", "",
                                        "Lines that the journal did not take at once."};
inline constexpr Family kRecords{"slotd_records", Type::Counter, "", "kind",
                                 "Decisions told, by the kind of line."};
inline constexpr Family kMissedEvents{"slotd_missed_events", Type::Counter, "", "source",
                                      "Times that events of the kernel were lost, and every slot "
                                      "was looked at afresh."};
inline constexpr Family kKernelErrors{"slotd_kernel_errors", Type::Counter, "", "severity",
                                      "PCIe errors that the kernel reported in its trace."};
inline constexpr Family kKernelRecoveries{"slotd_kernel_recoveries", Type::Counter, "", "report",
                                          "Reports of the kernel's own recovery, one for each "
                                          "function."};
inline constexpr Family kIncidents{"slotd_incidents", Type::Counter, "", "cause outcome",
                                   "Incidents that have ended."};
inline constexpr Family kOpenIncidents{"slotd_open_incidents", Type::Gauge, "", "",
                                       "Incidents that have not ended."};
inline constexpr Family kRecoverySeconds{"slotd_incident_recovery_seconds", Type::Histogram,
                                         "seconds", "cause",
                                         "From the first report of an incident to recovered and "
                                         "verified."};
inline constexpr Family kAttempts{"slotd_attempts", Type::Counter, "", "step by outcome",
                                  "Attempts of slotd at bringing a card back, by step of the "
                                  "ladder."};
inline constexpr Family kRequests{"slotd_requests", Type::Counter, "", "outcome",
                                  "Requests of operators that were answered."};
inline constexpr Family kHookInquiries{"slotd_hook_inquiries", Type::Counter, "", "answer",
                                       "Attempts that hooks were asked about."};
inline constexpr Family kEffects{"slotd_effects", Type::Counter, "", "outcome",
                                 "What slotd-exec was told to do, by how it ended."};
inline constexpr Family kWedgedWorkers{"slotd_wedged_workers", Type::Gauge, "", "",
                                       "Workers of slotd-exec that the kernel has not returned "
                                       "to."};
inline constexpr Family kExecutorRestarts{"slotd_executor_restarts", Type::Counter, "", "",
                                          "Times that slotd-exec ended and was started again."};
inline constexpr Family kGateClosed{"slotd_gate_closed", Type::Gauge, "", "port slot gate",
                                    "1 for each gate that slotd holds closed."};
inline constexpr Family kGateSeconds{"slotd_gate_closed_seconds", Type::Counter, "seconds",
                                     "port slot gate",
                                     "Time for which slotd has held a gate closed."};
inline constexpr Family kSlot{"slotd_slot", Type::Info, "",
                              "port slot root_port level automatic_action",
                              "A slot with its level, and whether slotd acts unasked."};
inline constexpr Family kSlotPhase{"slotd_slot_phase", Type::Gauge, "", "port slot phase",
                                   "1 for the phase that the slot is in."};
inline constexpr Family kSlotOccupied{"slotd_slot_occupied", Type::Gauge, "", "port slot",
                                      "1 where a card is in the slot."};
inline constexpr Family kSlotHeld{"slotd_slot_held", Type::Gauge, "", "port slot",
                                  "1 where an operator holds the slot."};
inline constexpr Family kSlotQuarantined{"slotd_slot_quarantined", Type::Gauge, "", "port slot",
                                         "1 where slotd does not act until the slot is released."};
inline constexpr Family kSlotBudgetLeft{"slotd_slot_budget_left", Type::Gauge, "", "port slot",
                                        "Automatic attempts that are left, the smallest of slot, "
                                        "root port and host."};
inline constexpr Family kRootPortBudgetLeft{"slotd_root_port_budget_left", Type::Gauge, "", "port",
                                            "Automatic attempts that are left below a Root Port."};
inline constexpr Family kHostBudgetLeft{"slotd_host_budget_left", Type::Gauge, "", "",
                                        "Automatic attempts that are left on this host."};
inline constexpr Family kBudgetSize{"slotd_budget_size", Type::Gauge, "", "of",
                                    "Automatic attempts within the window, as configured."};
inline constexpr Family kBudgetWindow{"slotd_budget_window_seconds", Type::Gauge, "seconds", "",
                                      "The window of the budgets, as configured."};

/// All of them, in the order in which they are written.
std::span<const Family* const> all_families();

}  // namespace slotd::metrics
