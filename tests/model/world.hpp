#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "action/effect.hpp"
#include "coordinator/gate.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "tests/proof/truth.hpp"

namespace slotd::model {

/// What can be in a slot, by serial number; 0 is nothing.
using Card = std::uint64_t;
inline constexpr Card kNoCard = 0;
inline constexpr Card kCardA = 1;
inline constexpr Card kCardB = 2;
/// A switch: the port below it exists while the kernel has it enumerated.
inline constexpr Card kSwitch = 3;

/// pciehp's thread for one port: quiet, or an interrupt has told it to look.
enum class Pciehp : std::uint8_t {
    Quiet,
    Looks,     ///< will bring what is enumerated in line with what is there
    PutsAnew,  ///< the link was lost: will remove, then enumerate what is there
};

/// A port, its slot, and the kernel's part in it.
struct Port {
    pci::Address address;
    std::optional<std::size_t> parent;  ///< index of the port above
    std::uint8_t bus = 0;               ///< secondary
    std::uint8_t subordinate = 0;
    pci::ServiceSet services;
    pci::ServiceSet bound;
    Card card = kNoCard;
    Card enumerated = kNoCard;
    bool link_up = true;
    bool answers = true;  ///< the card does; false: all ones until it is reset or put anew
    bool powered = true;
    bool fenced = false;
    bool masked = false;
    bool latched = false;  ///< a change that pciehp could not hear of
    Pciehp pciehp = Pciehp::Quiet;
};

enum class Stage : std::uint8_t {
    Asked,      ///< nothing has happened yet
    Performed,  ///< has happened, slotd has not been told
    Hanging,    ///< TimedOut was reported, the worker is stuck
};

/// An effect in slotd-exec.
struct Job {
    event::EffectId id = 0;
    action::Effect effect;
    Stage stage = Stage::Asked;
    event::Outcome outcome;  ///< only of Performed
};

/// Ports, cards, kernel, slotd-exec and what is on its way to slotd. A value. Its functions are
/// what happens, not who wants it: which of them may happen when is the business of moves.hpp.
class World {
public:
    std::vector<Port> ports;                  ///< parents before children
    std::optional<std::size_t> recovering;    ///< AER works on the card of this port
    std::vector<Job> jobs;                    ///< by id
    std::vector<coordinator::Gate> recorded;  ///< in the order of closing
    std::deque<event::KernelEvent> uevents;   ///< not delivered yet
    std::deque<event::KernelEvent> traces;    ///< tracefs is a stream of its own
    bool missed = false;                      ///< uevents were lost, slotd has yet to hear of it
    bool announces = false;                   ///< a kernel with pci:pci_hp_event
    bool same_model = false;                  ///< cards A and B differ in the serial number only

    /// Enumerated itself: a Root Port, or below a switch that is.
    bool exists(std::size_t port) const;
    pci::Address function_of(std::size_t port) const;
    pci::Topology topology() const;
    event::Observation observe(std::size_t port) const;
    proof::Truth truth(Instant now) const;

    /// A uevent, as long as the socket takes any.
    void tell(event::KernelEvent event);
    /// The card's place changed under pciehp's eyes, or behind its back.
    void presence_changed(std::size_t port, Pciehp heard);
    /// The link below what the effect is about was down for a moment.
    void link_flaps(const action::Effect& effect);
    /// One of pciehp's turns: a removal, or an addition.
    void pciehp_works(std::size_t port);
    void remove_enumerated(std::size_t port);
    void enumerate(std::size_t port);

    /// The port or function that the effect is about is there.
    bool has_subject(const Job& job) const { return port_of(job.effect).has_value(); }

    /// Whether the kernel lets the effect through now; a drain waits for the handler it drains.
    bool may_perform(const Job& job) const;
    event::Outcome perform(const action::Effect& effect);
    /// All recorded gates, the last closed first.
    void open_recorded_gates();

private:
    std::optional<std::size_t> find(const pci::Address& port) const;
    std::optional<std::size_t> port_of(const action::Effect& effect) const;
    bool reachable(std::size_t port) const;
    std::size_t root_of(std::size_t port) const;
    void tell_services(const pci::Address& port);
    void record(const coordinator::Gate& gate);
    void unrecord(const coordinator::Gate& gate);
    event::Outcome close(const coordinator::Gate& gate, bool& closed);
    event::Outcome unmask(std::size_t port, action::Latched latched);
    event::Outcome bind(std::size_t port, pci::Service service);
    event::Outcome unbind(std::size_t port, pci::Service service);
    event::Outcome set_power(std::size_t port, bool on);
    event::Outcome reset(std::size_t port);
};

/// One Root Port with a hot-plug slot and card A in it.
World one_slot();
/// A Root Port whose slot holds a switch, and below that a port whose slot holds card A.
World nested_slots();

}  // namespace slotd::model
