#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "event/observation.hpp"
#include "event/usage.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"

namespace slotd::sim {

/// What the drivers of a card make of a recovery (KERNEL 1.3, 4.4).
enum class Drivers : std::uint8_t {
    WithCallbacks,     ///< the recovery works
    WithoutCallbacks,  ///< the kernel gives up
    VoteOnly,          ///< success is reported, the config space stays wiped (vfio-pci)
};

struct CardFunction {
    std::uint8_t device = 0;
    std::uint8_t function = 0;
    pci::Identity identity;
    std::string driver;
};

/// A piece of hardware. Two cards of one model without serial number differ only in `uid`, which
/// nobody but the simulation sees.
struct Card {
    std::uint64_t uid = 0;
    std::vector<CardFunction> functions;
    Drivers drivers = Drivers::WithCallbacks;
    bool dead = false;                ///< answers all ones until it is reset or taken out
    bool wiped = false;               ///< was reset, and nobody has written its config space since
    bool used = false;                ///< a file system stands on it
    std::vector<pci::Address> ports;  ///< Downstream Ports, of a switch
};

/// What the kernel has made of a card.
struct Enumerated {
    std::uint64_t card = 0;
    std::vector<pci::Function> functions;
    bool frozen = false;
};

struct SimPort {
    pci::Address address;
    std::optional<pci::Address> parent;
    std::uint64_t switch_card = 0;  ///< that the port is on; 0 for a Root Port
    pci::Address root_port;
    std::uint8_t secondary = 0;
    std::uint8_t subordinate = 0;
    std::string name;
    pci::ServiceSet services;
    pci::ServiceSet bound;
    std::optional<Card> card;         ///< physically there
    std::optional<Card> switch_home;  ///< a switch that was taken out of this slot
    bool link_up = true;
    std::uint64_t made = 0;  ///< how often the kernel has made the port's device
    std::optional<Enumerated> enumerated;
    bool fenced = false;        ///< by slotd-exec
    bool masked = false;        ///< hot-plug notification off, by slotd-exec
    bool kernel_masks = false;  ///< off for the time of the kernel's own slot reset
    bool change_latched = false;
    Instant all_ones_until{};  ///< reads of the port's registers give all ones until then

    bool hotplug() const { return services.contains(pci::Service::Pciehp); }
};

/// How this machine's kernel behaves.
struct Character {
    bool tracefs = true;           ///< ras:aer_event is heard
    bool announces = false;        ///< pci:pci_hp_event exists (v7.0)
    bool begin_missing = false;    ///< a vote of NEED_RESET sends no BEGIN (before v6.18)
    bool failed_for_port = false;  ///< FAILED names the port only (before v6.18)
    bool leaky = true;  ///< a recovery's or a slot reset's link drop reaches pciehp (before v6.16)
};

/// The machine: a value with questions about it.
class Machine {
public:
    Character character;
    std::map<pci::Address, SimPort> ports;

    SimPort* find(const pci::Address& address);
    const SimPort* find(const pci::Address& address) const;
    /// The kernel has the port enumerated.
    bool exists(const SimPort& port) const;
    /// Config reads of the port itself are answered by hardware.
    bool answers(const SimPort& port) const;
    /// Config reads of what is in the slot are answered.
    bool card_answers(const SimPort& port) const;
    /// The port below whose link the kernel has `function`; nullptr for none.
    SimPort* port_of(const pci::Address& function);
    /// `port` and every existing port below it, uppermost first.
    std::vector<SimPort*> subtree(SimPort& port);
    bool is_above(const pci::Address& upper, const pci::Address& lower) const;
    bool overlap(const pci::Address& one, const pci::Address& other) const;

    /// As sysfs shows it.
    pci::Topology topology() const;
    /// As slotd-exec reads it.
    event::Observation observe(const SimPort& port, Instant now) const;
    /// Who uses what is below the port, as slotd-exec reads it.
    event::Usage usage(const SimPort& port) const;
    /// Whoever remembered serial numbers is gone: a card that was swapped for another of its model
    /// is from now on the enumerated one, for the kernel and for the next slotd.
    void forget_serials();
    /// What is enumerated is what is there, as far as identities tell.
    bool enumeration_fits(const SimPort& port) const;
};

pci::Address address_of(const SimPort& port, const CardFunction& function);
pci::Function enumerate(const SimPort& port, const Card& card, const CardFunction& function);

}  // namespace slotd::sim
