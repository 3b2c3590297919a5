#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "base/boxed.hpp"
#include "base/shared_list.hpp"
#include "base/time.hpp"
#include "coordinator/card.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/phase.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::coordinator {

/// A kernel port service that exists in the slot's AER domain.
struct ServiceAt {
    pci::Address port;
    pci::Service service = pci::Service::Aer;
    bool bound = true;
    bool operator==(const ServiceAt&) const = default;
};

/// What topology and configuration say of a slot. What the topology says is replaced as a whole; of
/// the configuration the level waits until the slot is at rest (Slot::next_level).
struct SlotFacts {
    pci::Address port;
    pci::Address root_port;
    std::string name;  ///< slot name, kept while pciehp is unbound
    policy::SlotPolicy policy;
    bool hotplug = false;                     ///< the port has a pciehp service
    std::vector<ServiceAt> error_services;    ///< aer and dpc of the AER domain
    std::vector<ServiceAt> hotplug_services;  ///< pciehp of this port and of the ports below it
    std::vector<ServiceAt> others_hotplug;    ///< pciehp of the domain's other ports, held ones not
    SharedList<pci::Function> functions;      ///< as enumerated
    bool operator==(const SlotFacts&) const = default;
};

/// An operator's "hands off this slot".
struct Hold {
    Instant until = kNever;
    std::string by;  ///< who, as Requester::to_string() says it, reason included
    std::string reason;
    bool operator==(const Hold&) const = default;
};

/// One cause, from the first report to the last action.
struct Incident {
    std::uint64_t id = 0;
    Instant opened_at;
    std::string cause;
    bool operator==(const Incident&) const = default;
};

/// What an attempt or incident without a known outcome, or from before slotd's start, has left: no
/// look can tell whether the card is well. It is told, and nothing is retried.
struct Unsettled {
    std::string why;
    bool frozen = false;  ///< the kernel gave the card up: a release does not make it well
    bool operator==(const Unsettled&) const = default;
};

/// The effect that slotd-exec has now. One at a time for a slot.
struct InFlight {
    event::EffectId id = 0;
    action::Effect effect;
    bool abandoned = false;     ///< its phase has left; only its effect on gates still matters
    bool newly_closed = false;  ///< its gate was not closed before: AlreadySo then means not by us
    bool waits = false;         ///< for the machine: not begun, set by the coordinator
    bool operator==(const InFlight&) const = default;
};

/// What was heard of the kernel at work on the slot, whatever phase that met: what is not over must
/// not be forgotten by an own operation that is under way (invariant 2).
struct KernelHeard {
    std::vector<pci::Address> unfinished;  ///< BEGIN heard, no end yet; by address
    Instant recovery_until;                ///< silence beyond is no recovery
    Instant hotplug_until;                 ///< quiet until then: the hot-plug is over
    /// Functions of the slot went, or may have unheard, since the card was last known: what is
    /// enumerated was enumerated after that.
    bool removed = false;
    bool operator==(const KernelHeard&) const = default;

    bool recovers(Instant now) const { return !unfinished.empty() && now < recovery_until; }

    bool hotplugs(Instant now) const { return now < hotplug_until; }

    /// When the next of the two is over for want of news; kNever if nothing is under way.
    Instant over_after(Instant now) const {
        return std::min(recovers(now) ? recovery_until : kNever,
                        hotplugs(now) ? hotplug_until : kNever);
    }
};

/// Everything that is known of one slot: phase, and what holds through phases. A value.
struct Slot {
    SlotFacts facts;
    /// By what the rules were matched: does not change in the middle of an episode, in which
    /// functions go and come again.
    policy::SlotTraits traits;
    /// The level that the configuration has for the slot; in force as soon as the slot is at rest
    /// and has been looked at, because it moves gates. nullopt: facts.policy.level is that level.
    std::optional<policy::Level> next_level;
    SlotPhase phase = Resyncing{};
    Card known;
    /// What a replay was begun for: it is not begun again while the slot looks the same, whatever
    /// became of it.
    Boxed<Card> replayed;
    GateSet closed;
    KernelHeard heard;
    Boxed<Incident> incident;
    Boxed<Hold> hold;               ///< in force; takes effect when the slot comes to rest
    Boxed<std::string> quarantine;  ///< why; until released
    Boxed<Unsettled> unsettled;
    std::uint64_t ill_incident = 0;  ///< the newest that the history holds for not well; 0: none
    std::vector<event::ResetRequested> waiting;  ///< bounded by Limits::waiting_requests_max
    std::vector<action::Effect> script;          ///< what the phase still wants done, in order
    std::optional<InFlight> in_flight;
    std::uint64_t effect_base = 0;  ///< high bits of this slot's effect ids; unique in this process
    std::uint64_t incident_base = 0;  ///< high bits of its incident ids; unique over restarts
    std::uint32_t effects_started = 0;
    std::uint32_t incidents_opened = 0;
    std::uint32_t attempts = 0;

    bool operator==(const Slot&) const = default;
};

}  // namespace slotd::coordinator
