#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/step.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "policy/limits.hpp"
#include "tests/proof/told.hpp"
#include "tests/proof/truth.hpp"
#include "tests/proof/violation.hpp"

namespace slotd::proof {

/// An effect that has been started, with the operation that it belongs to.
struct Started {
    pci::Address slot;
    action::Effect effect;
    bool acts = false;
    std::optional<coordinator::Purpose> purpose;  ///< nullopt: no operation
    event::RequestId request = 0;                 ///< 0: of slotd's own accord

    bool operator==(const Started&) const = default;
};

/// What has happened to one slot and is not forgotten with a phase.
struct SlotMemory {
    std::uint32_t attempt = 0;       ///< that acted last; 0: none since slotd was started
    std::deque<Instant> automatic;   ///< attempts of slotd's own accord that acted
    std::optional<Started> unknown;  ///< acted, what became of it is unknown, nobody asked again
    std::uint32_t reserved = 0;      ///< attempt that the history has; 0: none since the start
    std::uint32_t granted = 0;       ///< attempt that an earlier configuration has granted; 0: none
    /// slotd makes functions come and go there itself, and late news of it belongs to that.
    bool enumerates = false;
    /// Held, or was held and pciehp has not been taken back yet: nothing is held back.
    bool in_operators_hands = false;

    bool operator==(const SlotMemory&) const = default;
};

/// Watches slotd from outside and objects when an invariant of DESIGN section 4 is broken: to be
/// told whatever slotd is told, whatever it asks for, and how the world is after each change. A
/// value, so that a model checker can keep one in each state. Judges by the truth and by what slotd
/// was told; of the coordinator it believes phases and operations, and no more.
class Witness {
public:
    explicit Witness(const policy::Limits& limits) : limits_(limits) {}

    /// Before slotd is told. `acts`: whether slotd may act of its own accord from now on.
    void configured(const policy::Limits& limits, bool acts, const coordinator::Coordinator* slotd);

    /// Before slotd is told. `known` is the topology that slotd has at this moment.
    void kernel_said(const event::KernelEvent& event, const pci::Topology& known, Instant now);
    /// Before slotd is told. A second end of an effect that was wedged counts as well.
    void effect_ended(event::EffectId id, const event::Outcome& outcome,
                      const pci::Topology& known);
    /// Before slotd is told that the history has an attempt.
    void reserved(const pci::Address& port, std::uint32_t attempt);

    /// An operator has released the slot, and given its budget back.
    void released(const pci::Address& port) { memories_[port].automatic.clear(); }

    /// slotd-exec has ended or has been told to: all its effects are lost, every recorded gate
    /// open.
    void gates_opened();
    /// One of the recorded gates that slotd-exec opens at its start, or that a worker which is dead
    /// has moved: both sides may be bound until slotd has taken the token again. Not open: it could
    /// not be opened so far.
    void gate_moved_unasked(const coordinator::Gate& gate, bool open);
    /// Another slotd: knows nothing of what the last one was told. After gates_opened().
    void slotd_restarted();

    /// One action that slotd has decided on; `truth` without what it starts.
    Violations acted(const coordinator::Action& action, const coordinator::Coordinator& slotd,
                     const Truth& truth);
    /// After every change of slotd or of the world.
    Violations seen(const Truth& truth, const coordinator::Coordinator& slotd);
    /// When nothing happens any more, however long one waits (invariants 6 and 9).
    Violations at_the_end(const Truth& truth, const coordinator::Coordinator& slotd) const;

    const Told& told() const { return told_; }

    const std::map<pci::Address, SlotMemory>& memories() const { return memories_; }

    const std::map<event::EffectId, Started>& started() const { return started_; }

    const std::set<pci::Address>& tokens() const { return tokens_; }

    const std::set<pci::Address>& unheard() const { return unheard_; }

    const std::set<coordinator::Gate>& refused() const { return refused_; }

    const std::set<coordinator::Gate>& stuck_gates() const { return stuck_gates_; }

    bool operator==(const Witness&) const = default;

private:
    /// Of an effect that unbinds or binds a service: it is unbound now.
    void drained(const auto& service, const pci::Topology& known);
    Violations started(const coordinator::StartEffect& wanted,
                       const coordinator::Coordinator& slotd, const Truth& truth);
    Violations step_begins(const Started& step, const coordinator::Operation& operation,
                           const coordinator::Coordinator& slotd, const Truth& truth);
    Violations both_sides_bound(const Truth& truth, const coordinator::Coordinator& slotd);
    Violations closed_at_rest(const Truth& truth, const coordinator::Coordinator& slotd) const;
    bool quiet(const pci::Address& slot, const coordinator::Coordinator& slotd) const;

    policy::Limits limits_;
    bool acts_ = true;
    Told told_;
    std::map<pci::Address, SlotMemory> memories_;
    // Whose last word is still to come; what only looks is left out.
    std::map<event::EffectId, Started> started_;
    std::set<pci::Address> tokens_;  ///< AER domains whose two sides were parted
    std::set<pci::Address> ports_seen_;
    /// That came with their services bound; slotd has yet to hear of them, or to act on it.
    std::set<pci::Address> unheard_;
    /// Services that the kernel did not unbind when it was told to: slotd was told so, and being
    /// deaf to errors as well would be worse than both sides at once.
    std::set<coordinator::Gate> refused_;
    std::set<coordinator::Gate> stuck_gates_;  ///< could not be opened, and slotd was told
};

}  // namespace slotd::proof
