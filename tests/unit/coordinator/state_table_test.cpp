// Prints every (phase, event) pair as the code decides it, and compares with docs/state_machine.md.
// To accept a change: SLOTD_WRITE_DOCS=1 build/<preset>/bin/unit_coordinator
// --gtest_filter='StateTable.*'
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/overloaded.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/printed_document.hpp"

namespace slotd::coordinator {
namespace {

using namespace std::chrono_literals;
using fakes::at;

const Instant kNow = Instant{} + 1000s;
const pci::Address kPort = at("0000:00:02.0");
const pci::Address kFunction = at("0000:01:00.0");

event::Observation good_look() {
    return fakes::machine_with_one_slot().observe(kPort);
}

event::Usage mounted() {
    event::Usage usage;
    usage.functions = {
        {kFunction, "virtio-pci", {{"vda", 0, {}, {{"vda1", "/srv"}}, {}}}, {}, {}, {}, false}};
    return usage;
}

Operation operation(Purpose purpose) {
    Operation one;
    one.purpose = purpose;
    one.attempt = 1;
    one.rungs = {policy::Rung::SlotReset, policy::Rung::Reenumerate};
    one.reserved = true;
    one.before = Card::from(good_look());
    if (purpose == Purpose::Manual) {
        one.request = event::ResetRequested{1, kPort, std::nullopt, event::ResetMethod::Auto, {}};
    }
    return one;
}

/// One slot for each phase; where an operation is under way, it is an operator's.
std::vector<std::pair<std::string, SlotPhase>> phases() {
    const Operation manual = operation(Purpose::Manual);
    return {
        {"Resyncing", Resyncing{kNow}},
        {"Idle", Idle{kNow, {}}},
        {"NeedsOperator", NeedsOperator{"the kernel gave up", true, kNow, {}}},
        {"Quarantined", Quarantined{"no attempt is left", false, kNow, {}}},
        {"Held", Held{kNow, "uid 0", "", "", false}},
        {"KernelRecovering, BEGIN seen", KernelRecovering{{kFunction}, {}, {}, false, kNow}},
        {"KernelRecovering, SUCCESSFUL seen",
         KernelRecovering{{}, event::RecoveryReport::Succeeded, {}, false, kNow}},
        {"KernelRecovering, FAILED seen",
         KernelRecovering{{}, event::RecoveryReport::Failed, {}, false, kNow}},
        {"KernelRecovering, functions removed",
         KernelRecovering{{}, event::RecoveryReport::Succeeded, {}, true, kNow}},
        {"KernelHotplugging", KernelHotplugging{kNow, kNow + 60s}},
        {"Waiting", Waiting{manual, kNow}},
        {"Surveying", Surveying{manual, false}},
        {"Surveying, hooks asked", Surveying{manual, true}},
        {"Reserving", Reserving{manual, kNow}},
        {"Draining", Draining{manual}},
        {"Resetting", Resetting{manual}},
        {"Replaying", Replaying{operation(Purpose::Replay)}},
        {"Verifying, own step", Verifying{manual, kNow + 5s, kNow, {}}},
        {"Verifying, kernel recovered",
         Verifying{KernelRecovered{event::RecoveryReport::Succeeded, false}, kNow + 5s, kNow, {}}},
        {"Verifying, kernel hot-plugged", Verifying{KernelHotplugged{}, kNow + 5s, kNow, {}}},
        {"Opening", Opening{manual, Verdict{true, false, "recovered and verified"}, 0}},
        {"Soaking", Soaking{manual, Verdict{true, false, "recovered and verified"}, kNow,
                            good_look().functions}},
        {"CoolingDown", CoolingDown{kNow}},
        {"Wedged", Wedged{manual, "power off slot"}},
    };
}

policy::SlotPolicy other_policy(policy::Level level, bool automatic_action) {
    policy::SlotPolicy policy;
    policy.level = level;
    policy.automatic_action = automatic_action;
    policy.soak = 1s;
    return policy;
}

std::vector<std::pair<std::string, SlotEvent>> events() {
    using event::HotplugKind;
    using event::RecoveryReport;
    using event::Severity;
    event::Observation gone = good_look();
    gone.card_present = false;
    gone.link_active = false;
    return {
        {"BEGIN_RECOVERY", event::RecoveryReported{kFunction, RecoveryReport::Began}},
        {"SUCCESSFUL_RECOVERY", event::RecoveryReported{kFunction, RecoveryReport::Succeeded}},
        {"FAILED_RECOVERY", event::RecoveryReported{kFunction, RecoveryReport::Failed}},
        {"corrected error", event::ErrorReported{kFunction, Severity::Corrected, 0}},
        {"fatal error", event::ErrorReported{kFunction, Severity::Fatal, 0}},
        {"function added", event::HotplugSeen{kFunction, HotplugKind::Added}},
        {"function removed", event::HotplugSeen{kFunction, HotplugKind::Removed}},
        {"driver bound or unbound", event::HotplugSeen{kFunction, HotplugKind::DriverBound}},
        {"hot-plug announced", event::HotplugAnnounced{kPort, event::HotplugSignal::LinkDown}},
        {"device wedged", event::DeviceWedged{kFunction, {event::WedgedMethod::Rebind}}},
        {"events missed", event::EventsMissed{"1 uevent"}},
        {"facts changed", FactsChanged{}},
        {"configured: level observe", Reconfigured{other_policy(policy::Level::Observe, true)}},
        {"configured: level fence", Reconfigured{other_policy(policy::Level::Fence, true)}},
        {"configured: level exclusive", Reconfigured{other_policy(policy::Level::Exclusive, true)}},
        {"configured: automatic action off",
         Reconfigured{other_policy(policy::Level::Fence, false)}},
        {"reset requested",
         event::ResetRequested{2, kPort, std::nullopt, event::ResetMethod::Reenumerate, {}}},
        {"hold asked for", event::HoldRequested{3, kPort, 3600s, {}}},
        {"release asked for", event::ReleaseRequested{4, kPort, {}}},
        {"turn granted", TurnGranted{}},
        {"turn refused", TurnRefused{"a neighbour is wedged"}},
        {"attempt reserved", AttemptReserved{1, 0}},
        {"attempt refused", AttemptRefused{1, "budget spent"}},
        {"history failed", HistoryFailed{1, "the disk is full"}},
        {"recalled: quarantine", Recalled{{}, std::string("no attempt is left"), {}}},
        {"recalled: hold", Recalled{Hold{kNow + 3600s, "uid 0", ""}, {}, {}}},
        {"work done, same card", WorkDone{good_look()}},
        {"work done, nothing in use", WorkDone{{}, event::Usage{}}},
        {"work done, in use", WorkDone{{}, mounted()}},
        {"work done, card gone", WorkDone{gone}},
        {"work failed", WorkFailed{action::ObserveSlot{kPort},
                                   {event::OutcomeKind::Failed, 5, "look", std::nullopt}}},
        {"wedged worker returned", WorkerReturned{}},
        {"slotd-exec restarted", ExecutorRestarted{}},
        {"deadline passed", DeadlinePassed{}},
    };
}

Slot slot_in(SlotPhase phase, policy::Level level) {
    Slot slot;
    slot.facts.port = kPort;
    slot.facts.root_port = kPort;
    slot.facts.policy.level = level;
    slot.facts.policy.soak = 1s;
    slot.facts.policy.automatic_action = true;
    slot.facts.hotplug = true;
    slot.facts.error_services = {{kPort, pci::Service::Aer, true}};
    slot.facts.hotplug_services = {
        {kPort, pci::Service::Pciehp, level != policy::Level::Exclusive}};
    slot.facts.functions = {{kFunction, "e1000e", fakes::identity_of(0x10d3, 1), false}};
    slot.known = Card::from(good_look());
    if (level == policy::Level::Exclusive) {
        slot.closed.close({GateKind::Service, kPort, pci::Service::Pciehp});
    }
    slot.phase = std::move(phase);
    return slot;
}

std::string without_addresses(std::string text) {
    for (const std::string address : {" of 0000:00:02.0", " 0000:01:00.0"}) {
        for (auto found = text.find(address); found != std::string::npos;
             found = text.find(address)) {
            text.erase(found, address.size());
        }
    }
    return text;
}

/// "-> waiting: ask for turn", "stays: answer refused", "." for nothing at all.
std::string describe_step(const Slot& before, const Step& step) {
    std::string acts;
    const auto add = [&](const std::string& act) { acts += (acts.empty() ? "" : ", ") + act; };
    for (const Action& action : step.actions) {
        std::visit(Overloaded{
                       [&](const StartEffect& one) {
                           add(without_addresses(action::to_string(one.effect)));
                       },
                       [&](const AskTurn&) { add("ask for turn"); },
                       [&](const ReleaseTurn&) { add("release turn"); },
                       [&](const Reserve&) { add("reserve attempt"); },
                       [&](const Remember& one) {
                           add(std::string("remember ") + history::name_of(one.entry));
                       },
                       [&](const Answer& one) { add("answer " + one.outcome); },
                       [&](const Tell& one) {
                           if (one.record.kind != action::RecordKind::PhaseChanged) {
                               add(std::string("say ") + to_text(one.record.kind));
                           }
                       },
                   },
                   action);
    }
    if (step.slot.waiting.size() > before.waiting.size()) {
        add("request waits");
    }
    const std::string to = name_of(step.slot.phase);
    const bool moved = to != name_of(before.phase);
    if (!moved && acts.empty()) {
        return step.slot == before ? "." : "notes it";
    }
    return (moved ? "**" + to + "**" : "stays") + (acts.empty() ? "" : ": " + acts);
}

std::string table() {
    std::ostringstream out;
    out << "# The state machine of a slot\n\n"
           "Printed from the code by `tests/unit/coordinator/state_table_test.cpp`, which fails "
           "when the\n"
           "two differ. Automatic action is on; the card is an e1000e in a hot-plug slot; the "
           "operation\n"
           "under way, where there is one, is an operator's; every deadline is due. `.` means "
           "that\n"
           "nothing changes, **bold** is the next phase.\n";
    for (const auto& [title, phase] : phases()) {
        out << "\n## " << title << "\n\n| event | fence | exclusive |\n|---|---|---|\n";
        for (const auto& [event_title, event] : events()) {
            out << "| " << event_title;
            for (const policy::Level level : {policy::Level::Fence, policy::Level::Exclusive}) {
                const Slot slot = slot_in(phase, level);
                out << " | " << describe_step(slot, step(slot, event, kNow, policy::Limits{}));
            }
            out << " |\n";
        }
    }
    return out.str();
}

TEST(StateTable, InTheDocsIsWhatTheCodeDecides) {
    const fakes::PrintedDocument page = fakes::printed_document(
        std::string(SLOTD_SOURCE_DIR) + "/docs/state_machine.md", "", table());

    EXPECT_EQ(page.says, page.wanted) << "run this test once with SLOTD_WRITE_DOCS=1";
}

TEST(StateTable, HasARowForEveryPhaseAndAColumnEntryForEveryEvent) {
    std::map<std::size_t, int> phase_kinds;
    for (const auto& [title, phase] : phases()) {
        phase_kinds[phase.index()] += 1;
    }
    std::map<std::size_t, int> event_kinds;
    for (const auto& [title, event] : events()) {
        event_kinds[event.index()] += 1;
    }

    EXPECT_EQ(phase_kinds.size(), std::variant_size_v<SlotPhase>);
    EXPECT_EQ(event_kinds.size(), std::variant_size_v<SlotEvent>);
}

}  // namespace
}  // namespace slotd::coordinator
