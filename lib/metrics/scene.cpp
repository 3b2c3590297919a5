#include "metrics/scene.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/budget.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_status.hpp"
#include "metrics/exposition.hpp"
#include "metrics/families.hpp"
#include "metrics/meter.hpp"
#include "metrics/words.hpp"
#include "pci/address.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"

namespace slotd::metrics {

namespace {

constexpr std::array<std::string_view, 3> kSeverityWords{"corrected", "nonfatal", "fatal"};
constexpr std::array<std::string_view, 3> kReportWords{"began", "succeeded", "failed"};
constexpr std::array<std::string_view, 3> kAnswerWords{"agreed", "objected", "silent"};
/// Of event::OutcomeKind.
constexpr std::array<std::string_view, 8> kOutcomeWords{
    "done", "already-so", "gone", "refused", "failed", "timed-out", "executor-lost", "worker-lost"};
constexpr std::array<std::string_view, 2> kByWords{"slotd", "operator"};

double seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

template <std::size_t N>
void by_word(Exposition& out, const Family& family, const std::array<std::string_view, N>& words,
             const std::array<std::uint64_t, N>& counts) {
    out.begin(family);
    for (std::size_t at = 0; at < N; ++at) {
        out.sample({words[at]}, counts[at]);
    }
}

void one(Exposition& out, const Family& family, std::uint64_t value) {
    out.begin(family);
    out.sample({}, value);
}

void daemon(Exposition& out, const Meter& meter, const Scene& scene) {
    out.begin(kBuild);
    out.sample({scene.version}, std::uint64_t{1});
    out.begin(kStartTime);
    out.sample({}, scene.started_at);
    one(out, kHistoryUsable, meter.history_usable ? 1 : 0);
    one(out, kHistoryDropped, meter.history_dropped);
    one(out, kClients, scene.clients);
    one(out, kSubscribers, scene.subscribers);
    one(out, kSubscribersMissed, scene.missed_records);
    one(out, kJournalDropped, scene.dropped_lines);
    out.begin(kRecords);
    for (const action::RecordKind kind : action::all_record_kinds()) {
        out.sample({action::to_text(kind)}, meter.records.of(kind));
    }
}

void kernel(Exposition& out, const Meter& meter) {
    by_word(out, kMissedEvents, kSourceWords, meter.missed_events.counts);
    by_word(out, kKernelErrors, kSeverityWords, meter.kernel_errors.counts);
    by_word(out, kKernelRecoveries, kReportWords, meter.kernel_recoveries.counts);
}

void incidents(Exposition& out, const Meter& meter, const Scene& scene) {
    out.begin(kIncidents);
    for (std::size_t cause = 0; cause < kCauses; ++cause) {
        for (std::size_t outcome = 0; outcome < kIncidentOutcomes; ++outcome) {
            out.sample({kCauseWords.at(cause), kIncidentOutcomeWords.at(outcome)},
                       meter.incidents.at(cause).counts.at(outcome));
        }
    }
    one(out, kOpenIncidents,
        static_cast<std::uint64_t>(std::ranges::count_if(
            scene.slots, [](const auto& slot) { return slot.incident != 0; })));
    out.begin(kRecoverySeconds);
    for (std::size_t cause = 0; cause < kCauses; ++cause) {
        out.sample({kCauseWords.at(cause)}, meter.recovery_seconds.at(cause));
    }
    out.begin(kAttempts);
    for (std::size_t step = 0; step < kSteps; ++step) {
        for (std::size_t by = 0; by < kByWords.size(); ++by) {
            for (std::size_t outcome = 0; outcome < kAttemptOutcomes; ++outcome) {
                out.sample({to_text(static_cast<policy::Rung>(step)), kByWords.at(by),
                            kAttemptOutcomeWords.at(outcome)},
                           meter.attempts.at(step).at(by).counts.at(outcome));
            }
        }
    }
    by_word(out, kRequests, kRequestWords, meter.requests);
    by_word(out, kHookInquiries, kAnswerWords, meter.hook_inquiries);
}

void executor(Exposition& out, const Meter& meter) {
    out.begin(kEffects);
    for (std::size_t kind = 0; kind < meter.effects.counts.size(); ++kind) {
        out.sample({kOutcomeWords.at(kind)}, meter.effects.counts.at(kind));
    }
    one(out, kWedgedWorkers, meter.wedged_workers());
    one(out, kExecutorRestarts, meter.executor_restarts);
}

void gates(Exposition& out, const Meter& meter, const Scene& scene, Instant now) {
    std::map<pci::Address, std::string> names;
    for (const coordinator::SlotStatus& slot : scene.slots) {
        names[slot.port] = slot.slot;
    }
    out.begin(kGateClosed);
    for (const coordinator::Gate& gate : scene.closed_gates) {
        out.sample({gate.port.to_string(), names[gate.port], word_of(gate)}, std::uint64_t{1});
    }
    out.begin(kGateSeconds);
    for (const auto& [gate, time] : meter.gates.totals(now)) {
        out.sample({gate.first.to_string(), names[gate.first], gate.second}, seconds(time));
    }
}

/// One sample of each slot.
template <class Value>
void each(Exposition& out, const Family& family, const Scene& scene, Value value) {
    out.begin(family);
    for (const coordinator::SlotStatus& slot : scene.slots) {
        out.sample({slot.port.to_string(), slot.slot}, std::uint64_t{value(slot)});
    }
}

void slots(Exposition& out, const Scene& scene) {
    out.begin(kSlot);
    for (const coordinator::SlotStatus& slot : scene.slots) {
        out.sample({slot.port.to_string(), slot.slot, slot.root_port.to_string(),
                    to_text(slot.level), slot.automatic_action ? "on" : "off"},
                   std::uint64_t{1});
    }
    out.begin(kSlotPhase);
    for (const coordinator::SlotStatus& slot : scene.slots) {
        out.sample({slot.port.to_string(), slot.slot, slot.phase}, std::uint64_t{1});
    }
    each(out, kSlotOccupied, scene, [](const auto& slot) { return slot.occupied ? 1U : 0U; });
    each(out, kSlotHeld, scene, [](const auto& slot) { return slot.held_by.empty() ? 0U : 1U; });
    each(out, kSlotQuarantined, scene,
         [](const auto& slot) { return slot.quarantine.empty() ? 0U : 1U; });
}

void budgets(Exposition& out, const Scene& scene) {
    each(out, kSlotBudgetLeft, scene, [](const auto& slot) { return slot.budget_left; });
    out.begin(kRootPortBudgetLeft);
    for (const auto& [port, left] : scene.root_port_budget_left) {
        out.sample({port.to_string()}, std::uint64_t{left});
    }
    one(out, kHostBudgetLeft, scene.host_budget_left);
    out.begin(kBudgetSize);
    out.sample({"slot"}, std::uint64_t{scene.limits.budget});
    out.sample({"root-port"}, std::uint64_t{scene.limits.budget_root_port});
    out.sample({"host"}, std::uint64_t{scene.limits.budget_host});
    out.begin(kBudgetWindow);
    out.sample({}, seconds(scene.limits.budget_window));
}

}  // namespace

Scene scene_of(const coordinator::Coordinator& coordinator, Instant now) {
    Scene scene;
    scene.slots = coordinator.statuses(now);
    scene.limits = coordinator.limits();
    for (const auto& [port, slot] : coordinator.slots()) {
        scene.closed_gates.insert(slot.closed.gates().begin(), slot.closed.gates().end());
    }
    const coordinator::Budget& budget = coordinator.ledger().budget();
    for (const coordinator::SlotStatus& slot : scene.slots) {
        scene.root_port_budget_left.try_emplace(
            slot.root_port, budget.left_below(slot.root_port, now, scene.limits));
    }
    scene.host_budget_left = budget.left_on_host(now, scene.limits);
    return scene;
}

std::string metrics_text(Meter& meter, const Scene& scene, Instant now, Format format) {
    std::set<pci::Address> ports;
    for (const coordinator::SlotStatus& slot : scene.slots) {
        ports.insert(slot.port);
    }
    meter.gates.settle(scene.closed_gates, ports, now);
    // A machine of many ports has a text of megabytes.
    Exposition out(format, 32'000 + 512 * scene.slots.size());
    daemon(out, meter, scene);
    kernel(out, meter);
    incidents(out, meter, scene);
    executor(out, meter);
    gates(out, meter, scene, now);
    slots(out, scene);
    budgets(out, scene);
    return std::move(out).text();
}

}  // namespace slotd::metrics
