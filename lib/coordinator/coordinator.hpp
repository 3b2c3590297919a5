#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/flat_map.hpp"
#include "base/time.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/in_use.hpp"
#include "coordinator/ledger.hpp"
#include "coordinator/machine_lock.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/slot_status.hpp"
#include "coordinator/step.hpp"
#include "coordinator/turns.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "event/usage.hpp"
#include "history/news.hpp"
#include "pci/address.hpp"
#include "pci/link.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::coordinator {

/// What the configuration decides.
struct Settings {
    policy::Policy policy;
    policy::Limits limits;
    /// High 32 bits of incident ids, different at each start (seconds since the epoch will do).
    std::uint32_t session = 0;
};

/// A slot that wants to be sampled. `rest` is another number each time that it comes to rest: what
/// was sampled in an earlier one says nothing of this one.
struct AtRest {
    pci::Address port;
    std::uint64_t rest = 0;
    bool operator==(const AtRest&) const = default;
};

/// All slots of the machine and what stands between them: routes events to the slots they concern,
/// gives turns (invariants 1 and 2), keeps machine-wide effects apart (invariant 4). Pure like
/// step(): values in, actions out; of the actions only
/// StartEffect, Remember, Tell and Answer ever leave it.
class Coordinator {
public:
    explicit Coordinator(Settings settings);

    std::vector<Action> topology_scanned(pci::Topology topology, Instant now);
    std::vector<Action> kernel_said(const event::KernelEvent& event, Instant now);
    std::vector<Action> effect_finished(event::EffectId id, const event::Outcome& outcome,
                                        Instant now);
    std::vector<Action> reset_requested(const event::ResetRequested& request, Instant now);
    std::vector<Action> hold_requested(const event::HoldRequested& request, Instant now);
    std::vector<Action> release_requested(const event::ReleaseRequested& request, Instant now);
    /// Until the history is open no budget is known, and reservations wait for it.
    std::vector<Action> history_said(const history::News& news, Instant now);
    /// slotd-exec was started anew; it has opened every gate.
    std::vector<Action> executor_restarted(Instant now);
    std::vector<Action> time_passed(Instant now);
    /// Samples say that these ports look otherwise, or could not be taken: those that are still at
    /// rest are looked at.
    std::vector<Action> look_at(const std::vector<pci::Address>& ports, Instant now);

    /// Another configuration, while slotd runs: nothing that is open, held, spent or under way is
    /// lost. Attempts count against the new limits, whenever they were made.
    std::vector<Action> reconfigured(policy::Policy policy, const policy::Limits& limits,
                                     Instant now);

    /// When time_passed wants to be called; kNever if nothing waits for time.
    Instant next_deadline() const;

    /// There may be ports to sample: slots at rest at level exclusive.
    bool samples() const { return !sampled_.empty(); }

    /// Those of them that are not being looked at: a look that hangs must not take a sample with
    /// it.
    std::vector<AtRest> to_sample() const;
    std::vector<SlotStatus> statuses(Instant now) const;
    /// How the first step of a request would be judged.
    InUse preview_use(const event::ResetRequested& request, const event::Usage& usage) const;
    std::vector<std::string> preview(const event::ResetRequested& request) const;

    const policy::Limits& limits() const { return settings_.limits; }

    const pci::Topology& topology() const { return topology_; }

    const FlatMap<pci::Address, Slot>& slots() const { return slots_; }

    const Turns& turns() const { return turns_; }

    const MachineLock& machine() const { return machine_; }

    const Ledger& ledger() const { return ledger_; }

private:
    void add_slot(const pci::Port& port, Instant now);
    void drop_slot(const pci::Address& port, Instant now);
    /// Gates that a slot closed at other ports are opened by the slots of those.
    void hand_over_gates(const Slot& gone);
    void note_link(const pci::Address& port, const event::Outcome& outcome);
    bool held(const pci::Address& port) const;
    /// pciehp of another slot that an operation has unbound rests with that slot.
    void give_to_its_slot(const pci::Address& port, const action::Effect& done);
    /// A gate that was closed for a slot that is gone, at a port that has come again meanwhile, is
    /// opened by the new slot.
    void adopt_orphan(event::EffectId id, const event::Outcome& outcome);
    /// All but the policy.
    SlotFacts facts_of(const pci::Port& port) const;
    /// At rest the rules are matched by the card that is there.
    void match_anew(const pci::Address& port);
    /// pciehp of this port is unbound as long as aer and dpc hold the domain.
    bool may_share_token(const pci::Address& port) const;
    /// The slot shares the token of its domain from now on, or does not any more.
    void level_changed(const pci::Address& port);
    bool conflict(const pci::Address& one, const pci::Address& other) const;
    /// In one AER domain whoever has yet to take its token goes first: gates that an operation
    /// closed are opened at its end, and then pciehp must not be bound anywhere.
    bool waits_for_token_of(const pci::Address& port, const Slot& other) const;
    /// `now` decides what was heard of the kernel and is not over.
    std::optional<Turns::Obstacle> obstacle_of(const pci::Address& port, Instant now) const;

    /// A slot that has its turn, has touched nothing but gates, and must not go on.
    std::optional<Turns::Decision> turn_to_call_back(Instant now) const;

    void deliver(const pci::Address& port, const SlotEvent& event, Instant now);
    /// To the slot of a port of the topology, which has the port's place among all.
    void deliver_to(const pci::Port& port, const SlotEvent& event, Instant now);
    void let_step(Slot& slot, const SlotEvent& event, Instant now);

    /// What decides what follows from a step, of the slot before it.
    struct Before {
        explicit Before(const Slot& slot);

        Instant deadline;
        policy::Level level;
        std::size_t phase;
        bool sampled;
    };

    /// `slot` was given to the step, which gives it back.
    void apply(Slot& slot, const Before& before, Step step, Instant now);
    void move_deadline(const pci::Address& port, Instant before, Instant now_at);
    void finish(const pci::Address& port, event::EffectId id, const event::Outcome& outcome,
                Instant now);
    void request(const pci::Address& port, event::RequestId id, const SlotEvent& event,
                 Instant now);
    /// What the ledger has decided goes to the slots and to the history.
    void publish(Ledger::Decisions decisions);
    void start(const pci::Address& port, const StartEffect& wanted);
    void refuse_effect(const StartEffect& refused, const std::string& why);
    /// The machine-wide effect has ended: the next one that may begin does.
    void leave_machine(event::EffectId id, event::OutcomeKind how, Instant now);
    /// A step that has waited for the machine and not begun: the kernel at work that comes first.
    std::optional<std::string> overtaken_by(event::EffectId id, Instant now) const;
    /// Plays everything that follows until nothing does; returns what is for the outside.
    std::vector<Action> settle(Instant now);

    Settings settings_;
    pci::Topology topology_;
    FlatMap<pci::Address, Slot> slots_;
    std::map<std::uint32_t, pci::Address> serials_;  ///< high half of an effect id -> its slot
    std::set<std::pair<Instant, pci::Address>> deadlines_;
    std::map<pci::Address, std::uint64_t> sampled_;  ///< wants_samples() of their slots: the rest
    std::uint64_t rests_ = 0;
    Instant settled_at_;  ///< what ends later may be what somebody's turn waits for
    Ledger ledger_;
    Turns turns_;
    MachineLock machine_;
    std::map<event::EffectId, Gate> orphans_;  ///< closings under way whose slot is gone
    /// As last looked at, to be shown: no decision rests on it.
    std::map<pci::Address, pci::Link> links_;
    std::deque<std::pair<pci::Address, SlotEvent>> pending_;
    std::deque<std::pair<event::EffectId, event::Outcome>> refused_;
    std::vector<Action> outgoing_;
    std::uint32_t serial_ = 0;
};

}  // namespace slotd::coordinator
