#pragma once

#include <map>
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
    void kernel_said(const event::KernelEvent& event, const pci::Topology& known, Instant now);
    /// Unbinding has returned: the service's handler has finished.
    void drained_errors(const pci::Address& root_port, const pci::Topology& known);
    void drained_hotplug(const pci::Address& port);

    /// A new slotd has been told nothing.
    void forget() { slots_.clear(); }

    bool recovering(const pci::Address& port, Instant now, const policy::Limits& limits) const;
    bool hotplugging(const pci::Address& port, Instant now, const policy::Limits& limits) const;

    const std::map<pci::Address, ToldSlot>& slots() const { return slots_; }

    bool operator==(const Told&) const = default;

private:
    void recovery(const pci::Address& port, const event::RecoveryReported& said, Instant now);

    std::map<pci::Address, ToldSlot> slots_;
};

}  // namespace slotd::proof
