#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "policy/limits.hpp"

namespace slotd::proof {

/// What slotd was told of one slot and nobody has taken back.
struct ToldSlot {
    std::vector<pci::Address> recovering;     ///< BEGIN without an end; by address
    Instant recovery_heard = Instant::min();  ///< the last BEGIN
    Instant hotplug_heard = Instant::min();   ///< the last function that came or went

    bool operator==(const ToldSlot&) const = default;
};

/// What the kernel does "as far as we have been told" (invariant 2), kept by somebody who is not
/// the coordinator. Deliberately less than the coordinator may conclude: only a BEGIN without an
/// end, and functions that came or went a moment ago.
class Told {
public:
    /// `known` is the topology that slotd has: what it can be expected to understand.
    /// `ours`: what comes and goes below this port is of our own making.
    void kernel_said(const event::KernelEvent& event, const pci::Topology& known, Instant now,
                     const std::function<bool(const pci::Address&)>& ours);
    /// Unbinding has returned: the service's handler has finished, and what is heard of it from now
    /// on is old.
    void drained_errors(const pci::Address& root_port, const pci::Topology& known);
    void drained_hotplug(const pci::Address& port);

    /// The service is about to be bound again.
    void errors_come_back(const pci::Address& root_port) { drained_errors_.erase(root_port); }

    void hotplug_comes_back(const pci::Address& port) { drained_hotplug_.erase(port); }

    /// Every gate was opened.
    void all_comes_back();

    /// A new slotd has been told nothing.
    void forget() { slots_.clear(); }

    /// The port is gone, and with it whatever the kernel did below it.
    void forget(const pci::Address& port) { slots_.erase(port); }

    bool recovering(const pci::Address& port, Instant now, const policy::Limits& limits) const;
    bool hotplugging(const pci::Address& port, Instant now, const policy::Limits& limits) const;

    const std::map<pci::Address, ToldSlot>& slots() const { return slots_; }

    /// Root Ports whose AER domain, and ports whose slot, the kernel has been kept out of.
    const std::set<pci::Address>& errors_drained() const { return drained_errors_; }

    const std::set<pci::Address>& hotplug_drained() const { return drained_hotplug_; }

    bool operator==(const Told&) const = default;

private:
    void recovery(const pci::Port& port, const event::RecoveryReported& said, Instant now);
    void hotplug(const pci::Port& port, Instant now);

    std::map<pci::Address, ToldSlot> slots_;
    std::set<pci::Address> drained_errors_;
    std::set<pci::Address> drained_hotplug_;
};

}  // namespace slotd::proof
