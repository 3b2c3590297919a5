#include "tests/model/fingerprint.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/boxed.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/card.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/topology.hpp"
#include "policy/limits.hpp"
#include "tests/model/state.hpp"
#include "tests/model/world.hpp"
#include "tests/proof/witness.hpp"

namespace slotd::model {

namespace {

template <class Values>
concept SequenceOfParts = !std::is_same_v<Values, std::string> && requires(const Values& values) {
    values.size();
    values.front();
};

/// Takes a state apart into words and mixes them (splitmix64's finalizer, two lanes).
class Mixer {
public:
    explicit Mixer(const State& state) : state_(state), limits_(small_limits()) {}

    Fingerprint result() const { return {first_, second_}; }

    void all() {
        add(state_.left);
        add(state_.last_request);
        add(state_.world);
        for (const auto& [port, slot] : state_.slotd.slots()) {
            add(port);
            add(slot);
        }
        add(state_.slotd.turns().askers());
        add(state_.slotd.turns().holders());
        add_machine();
        add_history();
        add(state_.witness);
    }

private:
    template <class Number>
    requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>

    void add(Number number) {
        const auto word = static_cast<std::uint64_t>(number);
        first_ = mixed(first_ ^ (word + 0x9e3779b97f4a7c15U));
        second_ = mixed(second_ + (word ^ 0xd1342543de82ef95U) * 0x2545f4914f6cdd1dU);
    }

    static std::uint64_t mixed(std::uint64_t word) {
        word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
        word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
        return word ^ (word >> 31);
    }

    /// Overdue is overdue.
    void add(Instant deadline) {
        add(deadline == kNever ? -1 : std::max(Duration{0}, deadline - state_.now).count());
    }

    /// How long ago, up to `most`.
    void add_age(Instant past, Duration most) {
        add(past <= state_.now - most ? most.count() : (state_.now - past).count());
    }

    template <class Value>
    void add(const std::optional<Value>& value) {
        add(value.has_value());
        if (value) {
            add(*value);
        }
    }

    template <class Value>
    void add(const Boxed<Value>& value) {
        add(value.has_value());
        if (value) {
            add(*value);
        }
    }

    template <class... Values>
    void add(const std::variant<Values...>& value) {
        add(value.index());
        std::visit([this](const auto& one) { this->add(one); }, value);
    }

    template <SequenceOfParts Sequence>
    void add(const Sequence& values) {
        add(values.size());
        for (const auto& one : values) {
            add(one);
        }
    }

    void add(const pci::Address& address) {
        add((std::uint64_t{address.domain} << 16) | (std::uint64_t{address.bus} << 8) |
            (std::uint64_t{address.device} << 3) | address.function);
    }

    void add_changed(const std::optional<Instant>& changed_since) {
        add(changed_since.has_value());
        if (changed_since) {
            add_age(*changed_since, limits_.change_confirmed);
        }
    }

    void add(const Allowance& one) {
        add((std::uint64_t{one.acts} << 48) | (std::uint64_t{one.errors} << 40) |
            (std::uint64_t{one.hotplugs} << 32) | (std::uint64_t{one.requests} << 24) |
            (std::uint64_t{one.faults} << 16) | (std::uint64_t{one.losses} << 8) | one.crashes);
    }

    // What can happen.
    void add(const event::RecoveryReported& one) { add(one.function), add(one.report); }

    void add(const event::ErrorReported& one) { add(one.function), add(one.severity); }

    void add(const event::HotplugSeen& one) { add(one.function), add(one.kind); }

    void add(const event::HotplugAnnounced& one) { add(one.port); }

    void add(const event::DeviceWedged& one) { add(one.function); }

    void add(const event::ServicesChanged& one) { add(one.port); }

    void add(const event::EventsMissed&) {}

    // What can be done.
    void add(const action::UnmaskHotplug& one) { add(one.port), add(one.latched); }

    void add(const OneOf<action::UnbindService, action::BindService> auto& one) {
        add(one.port), add(one.service);
    }

    void add(const action::ResetFunction& one) { add(one.function), add(one.method); }

    void add(const action::SetSlotPower& one) { add(one.port), add(one.on); }

    void add(const action::RemoveFunction& one) { add(one.function); }

    void add(const OneOf<action::RaiseFence, action::LowerFence, action::MaskHotplug,
                         action::RescanBelow, action::ObserveSlot, action::SurveyUse,
                         action::AskHooks, action::NoteVfs, action::RestoreVfs, action::ResetByVfio,
                         action::ResetByLentFds> auto& one) {
        add(one.port);
    }

    // What is seen.
    void add(const pci::Identity& one) {
        add((std::uint64_t{one.vendor} << 32) | (std::uint64_t{one.device} << 16) |
            one.serial.value_or(0xffff));
    }

    void add(const event::FunctionSeen& one) {
        add(one.address);
        add(one.identity);
        add(one.driver.size());
        add(one.memory_decodes);
    }

    void add(const event::Observation& one) {
        add((one.port_answers ? 1U : 0U) | (one.card_present.value_or(false) ? 2U : 0U) |
            (one.link_active.value_or(false) ? 4U : 0U));
        add(one.functions);
    }

    void add(const event::Outcome& one) { add(one.kind), add(one.observation); }

    void add(const coordinator::Gate& one) { add(one.kind), add(one.port), add(one.service); }

    void add(const coordinator::Card& one) {
        add(one.looked), add(one.occupied), add(one.functions);
    }

    void add(const Port& one) {
        add(one.card | (one.enumerated << 4) | (std::uint64_t{one.bound.bits()} << 8));
        add((one.link_up ? 1U : 0U) | (one.answers ? 2U : 0U) | (one.powered ? 4U : 0U) |
            (one.fenced ? 8U : 0U) | (one.masked ? 16U : 0U) | (one.latched ? 32U : 0U));
        add(one.pciehp);
    }

    void add(const Job& one) {
        add(one.effect);
        add(one.stage);
        if (one.stage == Stage::Performed) {
            add(one.outcome);
        }
    }

    void add(const World& one) {
        add(one.ports);
        add(one.recovering);
        add(one.jobs);
        add(one.recorded);
        add(one.uevents);
        add(one.traces);
        add(one.missed);
    }

    /// slotd's name for an effect, as a place in a list.
    void add_effect(event::EffectId id) {
        const auto& jobs = state_.world.jobs;
        const auto job = std::ranges::find(jobs, id, &Job::id);
        if (job != jobs.end()) {
            add(job - jobs.begin());
            return;
        }
        const auto& waiting = state_.slotd.machine().waiting();
        const auto at = std::ranges::find(waiting, id, &coordinator::StartEffect::id);
        add(at == waiting.end() ? 1000 : 100 + (at - waiting.begin()));
    }

    void add_history() {
        const coordinator::Ledger& ledger = state_.slotd.ledger();
        add(state_.history.is_opening());
        add(state_.history.outline());
        add(state_.history.writing().size());
        add(ledger.open_reservations());
        for (const coordinator::Budget::Spent& spent : ledger.budget().spent()) {
            add(spent.port);
        }
        for (const Port& port : state_.world.ports) {
            const auto recalled = ledger.recalled(port.address, state_.now);
            add(recalled.has_value());
            if (recalled) {
                add(recalled->hold.has_value());
                add(recalled->quarantine.has_value());
                add(recalled->unsettled.has_value());
                add(recalled->unsettled && recalled->unsettled->frozen);
            }
        }
    }

    void add_machine() {
        const coordinator::MachineLock& machine = state_.slotd.machine();
        add(machine.running().has_value());
        if (machine.running()) {
            add_effect(*machine.running());
        }
        add(machine.waiting().size());
        for (const coordinator::StartEffect& one : machine.waiting()) {
            add(one.effect);
        }
        add(machine.wedged().size());
        for (const event::EffectId id : machine.wedged()) {
            add_effect(id);
        }
    }

    // The coordinator's own.
    void add(const event::ResetRequested& one) { add(one.request), add(one.method); }

    void add(const coordinator::Operation& one) {
        add(one.purpose);
        add(attempts_ - one.attempt);
        add(one.rungs);
        add(one.request);
        add(one.before);
        add(one.frozen);
        add(one.ill);
        add(one.reserved);
        add(one.touched);
    }

    void add(const coordinator::Verdict& one) {
        add(one.well);
        add(one.frozen);
        add(one.degraded);
        add(one.ambiguous);
        add(one.refused.size());
        add(one.handed_over);
    }

    void add(const coordinator::Resyncing& one) {
        add(one.retry_at), add(one.ill.empty()), add(one.frozen);
    }

    void add(const coordinator::Idle& one) { add(one.next_look), add_changed(one.changed_since); }

    void add(const OneOf<coordinator::NeedsOperator, coordinator::Quarantined> auto& one) {
        add(one.frozen);
        add(one.next_look);
        add_changed(one.changed_since);
    }

    void add(const coordinator::Held& one) {
        add(one.until);
        add(one.frozen);
        add(one.ill.empty());
    }

    void add(const coordinator::KernelRecovering& one) {
        add(one.unfinished);
        add(one.verdict);
        add(one.announced);
        add(one.removed);
        add(one.decide_at);
    }

    void add(const coordinator::KernelHotplugging& one) { add(one.quiet_at), add(one.give_up_at); }

    void add(const coordinator::Waiting& one) { add(one.operation), add(one.give_up_at); }

    void add(const coordinator::Reserving& one) { add(one.operation), add(one.give_up_at); }

    void add(const coordinator::Soaking& one) {
        add(one.operation);
        add(one.verdict);
        add(one.until);
        add(one.before);
    }

    void add(const coordinator::Surveying& one) {
        add(one.operation);
        add(one.surveyed);
    }

    void add(const OneOf<coordinator::Draining, coordinator::Resetting,
                         coordinator::Replaying> auto& one) {
        add(one.operation);
    }

    void add(const coordinator::KernelRecovered& one) { add(one.verdict), add(one.silent); }

    void add(const coordinator::KernelHotplugged&) {}

    void add(const coordinator::Verifying& one) {
        add(one.subject);
        add(one.give_up_at);
        add(one.next_look);
        add_changed(one.changed_since);
        add(one.last_look);
    }

    void add(const coordinator::Opening& one) {
        add(one.operation);
        add(one.verdict);
        add(one.lost_workers);
    }

    void add(const coordinator::CoolingDown& one) { add(one.until); }

    void add(const coordinator::Wedged& one) { add(one.operation); }

    void add(const coordinator::InFlight& one) {
        add_effect(one.id);
        add(one.effect);
        add(one.abandoned);
        add(one.newly_closed);
    }

    void add(const coordinator::ServiceAt& one) {
        add(one.port);
        add(one.service);
        add(one.bound);
    }

    void add(const pci::Function& one) { add(one.address), add(one.identity); }

    void add(const coordinator::Slot& one) {
        attempts_ = one.attempts;
        add(one.facts.error_services);
        add(one.facts.hotplug_services);
        add(one.facts.others_hotplug);
        add(one.facts.functions);
        add(one.facts.policy.level);
        add(one.facts.policy.automatic_action);
        add(one.next_level);
        add(one.phase);
        add(one.known);
        add(one.replayed);
        add(one.closed.gates());
        add(one.waiting);
        add(one.hold.has_value());
        add(one.quarantine.has_value());
        add(one.unsettled.has_value());
        add(one.unsettled && one.unsettled->frozen);
        add(one.ill_incident != 0);
        add(one.heard.unfinished);
        add(one.heard.recovery_until);
        add(one.heard.hotplug_until);
        add(one.heard.removed);
        add(one.script);
        add(one.in_flight);
    }

    // The witness.
    void add(const proof::Started& one) {
        add(one.slot);
        add(one.effect);
        add(one.acts);
        add(one.purpose);
        add(one.request);
    }

    void add(const proof::Witness& one) {
        for (const auto& [port, told] : one.told().slots()) {
            const bool recovering = one.told().recovering(port, state_.now, limits_);
            if (!recovering && !one.told().hotplugging(port, state_.now, limits_)) {
                continue;
            }
            add(port);
            add(recovering);
            if (recovering) {
                add(told.recovering);
                add_age(told.recovery_heard, limits_.kernel_recovery);
            }
            add_age(told.hotplug_heard, limits_.hotplug_quiet);
        }
        for (const auto& [port, memory] : one.memories()) {
            const auto slot = state_.slotd.slots().find(port);
            const bool acted_in_this_attempt = slot != state_.slotd.slots().end() &&
                                               memory.attempt != 0 &&
                                               slot->second.attempts == memory.attempt;
            add(port);
            add(acted_in_this_attempt);
            add(memory.automatic.size());
            add(memory.unknown);
            add(memory.enumerates);
            add(memory.in_operators_hands);
            add(slot != state_.slotd.slots().end() && memory.reserved != 0 &&
                slot->second.attempts == memory.reserved);
        }
        for (const auto& [id, started] : one.started()) {
            add_effect(id);
            add(started);
        }
        add_set(one.told().errors_drained());
        add_set(one.told().hotplug_drained());
        add_set(one.tokens());
        add_set(one.unheard());
        add_set(one.refused());
        add_set(one.stuck_gates());
    }

    template <class Value>
    void add_set(const std::set<Value>& values) {
        add(values.size());
        for (const Value& one : values) {
            add(one);
        }
    }

    const State& state_;
    const policy::Limits limits_;
    std::uint32_t attempts_ = 0;  // of the slot that is being added
    std::uint64_t first_ = 0x243f6a8885a308d3U;
    std::uint64_t second_ = 0x13198a2e03707344U;
};

}  // namespace

Fingerprint fingerprint_of(const State& state) {
    Mixer mixer(state);
    mixer.all();
    return mixer.result();
}

}  // namespace slotd::model
