#include "tests/proof/told.hpp"

#include <algorithm>
#include <functional>
#include <variant>

#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "policy/limits.hpp"

namespace slotd::proof {

void Told::recovery(const pci::Port& port, const event::RecoveryReported& said, Instant now) {
    if (drained_errors_.contains(port.root_port)) {
        return;
    }
    ToldSlot& slot = slots_[port.address];
    std::erase(slot.recovering, said.function);
    switch (said.report) {
        case event::RecoveryReport::Began:
            slot.recovering.push_back(said.function);
            std::ranges::sort(slot.recovering);
            slot.recovery_heard = now;
            return;
        case event::RecoveryReport::Succeeded:
            return;
        case event::RecoveryReport::Failed:
            // One function that fails ends the whole recovery (kernel pcie/err.c).
            slot.recovering.clear();
            return;
    }
}

void Told::hotplug(const pci::Port& port, Instant now) {
    if (!drained_hotplug_.contains(port.address)) {
        slots_[port.address].hotplug_heard = now;
    }
}

void Told::kernel_said(const event::KernelEvent& event, const pci::Topology& known, Instant now,
                       const std::function<bool(const pci::Address&)>& ours) {
    std::visit(Overloaded{
                   [&](const event::RecoveryReported& said) {
                       if (const pci::Port* const above = known.port_above(said.function)) {
                           recovery(*above, said, now);
                       }
                       if (const pci::Port* const itself = known.find(said.function)) {
                           recovery(*itself, said, now);
                       }
                   },
                   [&](const event::HotplugSeen& said) {
                       const bool moved = said.kind == event::HotplugKind::Added ||
                                          said.kind == event::HotplugKind::Removed;
                       const pci::Port* const above = known.port_above(said.function);
                       if (moved && above != nullptr && !ours(above->address)) {
                           hotplug(*above, now);
                       }
                   },
                   [&](const event::HotplugAnnounced& said) {
                       if (const pci::Port* const port = known.find(said.port);
                           port != nullptr && !ours(said.port)) {
                           hotplug(*port, now);
                       }
                   },
                   // The ends may be among what was lost: nothing is certain any more.
                   [&](const event::EventsMissed&) { forget(); },
                   // An announcement or a change of services is no recovery yet.
                   [](const OneOf<event::ErrorReported, event::DeviceWedged,
                                  event::ServicesChanged> auto&) {},
               },
               event);
}

void Told::drained_errors(const pci::Address& root_port, const pci::Topology& known) {
    drained_errors_.insert(root_port);
    for (auto& [port, slot] : slots_) {
        const pci::Port* const one = known.find(port);
        if (one != nullptr && one->root_port == root_port) {
            slot.recovering.clear();
        }
    }
}

void Told::all_comes_back() {
    drained_errors_.clear();
    drained_hotplug_.clear();
}

void Told::drained_hotplug(const pci::Address& port) {
    drained_hotplug_.insert(port);
    const auto at = slots_.find(port);
    if (at != slots_.end()) {
        at->second.hotplug_heard = Instant::min();
    }
}

bool Told::recovering(const pci::Address& port, Instant now, const policy::Limits& limits) const {
    const auto at = slots_.find(port);
    // A kernel that stays silent longer than its own longest wait is not believed to be at work.
    return at != slots_.end() && !at->second.recovering.empty() &&
           now - limits.kernel_recovery < at->second.recovery_heard;
}

bool Told::hotplugging(const pci::Address& port, Instant now, const policy::Limits& limits) const {
    const auto at = slots_.find(port);
    return at != slots_.end() && now - limits.hotplug_quiet < at->second.hotplug_heard;
}

}  // namespace slotd::proof
