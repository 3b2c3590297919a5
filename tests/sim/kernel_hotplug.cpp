#include <chrono>
#include <cstdint>
#include <memory>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "event/kernel_event.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/kernel.hpp"
#include "tests/sim/random.hpp"

// What pciehp does (KERNEL 2).

namespace slotd::sim {

using namespace std::chrono_literals;

namespace {

constexpr int kLinkTries = 10;

}  // namespace

void Kernel::announce(const SimPort& port, event::HotplugSignal signal) {
    if (machine_.character.announces) {
        say(event::HotplugAnnounced{port.address, signal});
    }
}

void Kernel::hotplug_interrupt(const pci::Address& address) {
    SimPort& port = *machine_.find(address);
    const bool heard = machine_.exists(port) && port.bound.contains(pci::Service::Pciehp) &&
                       !port.masked && !port.kernel_masks && port.change_latched;
    if (!heard || !interrupted_.insert(address).second) {
        return;
    }
    later(random_.between(1ms, 10ms), [this, address] {
        lock_of(address, pci::Service::Pciehp).take([this, address] {
            interrupted_.erase(address);
            hotplug_thread(address);
        });
    });
}

void Kernel::hotplug_thread(const pci::Address& address) {
    SimPort& port = *machine_.find(address);
    const bool ours = machine_.exists(port) && port.bound.contains(pci::Service::Pciehp);
    if (!ours || !port.change_latched) {
        hotplug_done(address);
        return;
    }
    // From v6.16 on pciehp waits for the kernel's own resets and looks at the result.
    const bool own_reset = link_changing_[address] > 0;
    if (own_reset && !machine_.character.leaky) {
        later(20ms, [this, address] { hotplug_thread(address); });
        return;
    }
    port.change_latched = false;
    if (!machine_.character.leaky && port.enumerated && machine_.card_answers(port) &&
        machine_.enumeration_fits(port)) {
        note_(address, "pciehp: link change ignored");
        hotplug_done(address);
        return;
    }
    if (port.enumerated) {
        hotplug_disable(address);
    } else if (port.card) {
        hotplug_enable(address, kLinkTries);
    } else {
        hotplug_done(address);
    }
}

void Kernel::hotplug_disable(const pci::Address& address) {
    const SimPort& changed = *machine_.find(address);
    note_(address, changed.card ? "pciehp: link down" : "pciehp: card not present");
    announce(changed,
             changed.card ? event::HotplugSignal::LinkDown : event::HotplugSignal::CardNotPresent);
    rescan_.take([this, address] {
        later(random_.between(2ms, 300ms), [this, address] {
            SimPort& port = *machine_.find(address);
            if (machine_.exists(port)) {
                remove_below(port);
            }
            rescan_.release(schedule_);
            if (port.card && machine_.exists(port)) {
                hotplug_enable(address, kLinkTries);
            } else {
                hotplug_done(address);
            }
        });
    });
}

void Kernel::hotplug_enable(const pci::Address& address, int tries_left) {
    SimPort& port = *machine_.find(address);
    if (!machine_.exists(port) || !port.card || tries_left == 0) {
        hotplug_done(address);
        return;
    }
    if (!port.link_up) {
        later(100ms, [this, address, tries_left] { hotplug_enable(address, tries_left - 1); });
        return;
    }
    announce(port, event::HotplugSignal::LinkUp);
    rescan_.take([this, address] {
        later(random_.between(50ms, 900ms), [this, address] {
            SimPort& now = *machine_.find(address);
            if (machine_.exists(now) && !now.enumerated) {
                add_below(now);
            }
            rescan_.release(schedule_);
            hotplug_done(address);
        });
    });
}

void Kernel::hotplug_done(const pci::Address& address) {
    lock_of(address, pci::Service::Pciehp).release(schedule_);
    hotplug_interrupt(address);  // what was latched meanwhile
}

void Kernel::remove_below(SimPort& port) {
    if (!port.enumerated) {
        return;
    }
    std::vector<SimPort*> below = machine_.subtree(port);
    below.erase(below.begin());
    for (SimPort* const nested : below | std::views::reverse) {
        if (*nested->parent == port.address) {
            remove_below(*nested);
            nested->bound = {};
            say(event::HotplugSeen{nested->address, event::HotplugKind::Removed});
        }
    }
    for (const pci::Function& function : port.enumerated->functions | std::views::reverse) {
        if (!function.driver.empty()) {
            say(event::HotplugSeen{function.address, event::HotplugKind::DriverUnbound});
        }
        say(event::HotplugSeen{function.address, event::HotplugKind::Removed});
    }
    note_(port.address, "kernel: what was in the slot is removed");
    port.enumerated.reset();
}

bool Kernel::add_below(SimPort& port) {
    if (!machine_.card_answers(port)) {
        note_(port.address, "kernel: no device found");
        return false;
    }
    // Resource assignment writes Bridge Control as it was at boot (setup-bus.c): no fence survives
    // it.
    port.fenced = false;
    port.card->wiped = false;
    Enumerated fresh;
    fresh.card = port.card->uid;
    for (const CardFunction& function : port.card->functions) {
        fresh.functions.push_back(enumerate(port, *port.card, function));
        say(event::HotplugSeen{address_of(port, function), event::HotplugKind::Added});
    }
    port.enumerated = std::move(fresh);
    note_(port.address, "kernel: card " + std::to_string(port.card->uid) + " is enumerated");
    for (const pci::Address& address : port.card->ports) {
        SimPort& nested = *machine_.find(address);
        nested.made += 1;
        nested.bound = nested.services;
        nested.fenced = false;
        nested.masked = false;
        nested.change_latched = false;
        nested.enumerated.reset();
        say(event::HotplugSeen{address, event::HotplugKind::Added});
        if (nested.card) {
            (void)add_below(nested);
        }
    }
    for (const pci::Function& function : port.enumerated->functions) {
        if (!function.driver.empty()) {
            say(event::HotplugSeen{function.address, event::HotplugKind::DriverBound});
        }
    }
    return true;
}

void Kernel::link_down(SimPort& port) {
    port.link_up = false;
    port.change_latched = true;
    // A hot reset of all that is below the link.
    for (SimPort* const below : machine_.subtree(port)) {
        if (below->address != port.address) {
            below->fenced = false;
            below->masked = false;
        }
    }
    hotplug_interrupt(port.address);
}

void Kernel::link_comes_up(const pci::Address& address) {
    SimPort& port = *machine_.find(address);
    if (port.link_up) {
        return;
    }
    port.link_up = true;
    port.change_latched = true;
    hotplug_interrupt(address);
}

}  // namespace slotd::sim
