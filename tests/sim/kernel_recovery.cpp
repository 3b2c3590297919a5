#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/kernel.hpp"
#include "tests/sim/random.hpp"

// What AER and DPC do (KERNEL 1).

namespace slotd::sim {

using namespace std::chrono_literals;
using event::RecoveryReport;
using event::Severity;

void Kernel::error(const pci::Address& function, Severity severity, bool source_found) {
    SimPort* const port = machine_.port_of(function);
    if (port == nullptr) {
        return;
    }
    for (const SimPort* at = port; at != nullptr;
         at = at->parent ? machine_.find(*at->parent) : nullptr) {
        if (at->fenced) {
            note_(function, "error stays behind the fence of " + at->address.to_string());
            return;
        }
    }
    ErrorMessage message{function,     port->address,   severity,
                         source_found, port->root_port, pci::Service::Aer};
    if (severity == Severity::Fatal && port->bound.contains(pci::Service::Dpc)) {
        message.handler = port->address;
        message.service = pci::Service::Dpc;
    } else if (!machine_.find(port->root_port)->bound.contains(pci::Service::Aer)) {
        note_(function, "error, and no aer service to hear it");
        return;
    }
    later(random_.between(1ms, 5ms), [this, message] {
        lock_of(message.handler, message.service).take([this, message] { recover(message); });
    });
}

void Kernel::recover(const ErrorMessage& message) {
    const SimPort& handler = *machine_.find(message.handler);
    const SimPort* const port = machine_.port_of(message.source);
    if (!machine_.exists(handler) || !handler.bound.contains(message.service) || port == nullptr ||
        port->address != message.port || !port->enumerated) {
        lock_of(message.handler, message.service).release(schedule_);
        return;
    }
    if (!message.found) {
        note_(message.source, "kernel: source of the error not found, no recovery");
        lock_of(message.handler, message.service).release(schedule_);
        return;
    }
    if (machine_.character.tracefs) {
        say(event::ErrorReported{message.source, message.severity,
                                 message.severity == Severity::Fatal ? 0U : 0x4000U});
    }
    if (message.severity == Severity::Corrected) {
        lock_of(message.handler, message.service).release(schedule_);
        return;
    }
    note_(message.port, message.severity == Severity::Fatal ? "kernel: recovers a fatal error"
                                                            : "kernel: recovers a non-fatal error");
    later(random_.between(1ms, 10ms), [this, message] { vote(message); });
}

std::vector<pci::Address> Kernel::functions_below(const pci::Address& address) {
    std::vector<pci::Address> all;
    for (SimPort* const port : machine_.subtree(*machine_.find(address))) {
        if (port->address != address) {
            all.push_back(port->address);
        }
        if (port->enumerated) {
            for (const pci::Function& function : port->enumerated->functions) {
                all.push_back(function.address);
            }
        }
    }
    return all;
}

void Kernel::vote(const ErrorMessage& message) {
    const std::vector<pci::Address> affected = functions_below(message.port);
    for (const pci::Address& function : affected) {
        const SimPort* const port = machine_.port_of(function);
        const bool voted =
            port != nullptr && port->card && port->card->drivers != Drivers::WithoutCallbacks;
        if (voted && !machine_.character.begin_missing) {
            say(event::RecoveryReported{function, RecoveryReport::Began});
        }
    }
    Duration takes = random_.between(5ms, 200ms);
    if (message.severity == Severity::Fatal) {
        const Duration down_for = random_.between(20ms, 200ms);
        reset_link(message.port, down_for);
        takes += down_for;
    }
    if (random_.chance(20)) {
        takes += random_.between(1s, 60s);  // pci_dev_wait
    }
    later(takes, [this, message, affected] { conclude(message, affected); });
}

void Kernel::conclude(const ErrorMessage& message, const std::vector<pci::Address>& affected) {
    SimPort& port = *machine_.find(message.port);
    bool recovered = machine_.card_answers(port);
    for (SimPort* const below : machine_.subtree(port)) {
        if (below->enumerated && below->card) {
            recovered = recovered && below->card->drivers != Drivers::WithoutCallbacks;
        }
    }
    if (!recovered && message.severity == Severity::Fatal) {
        for (SimPort* const below : machine_.subtree(port)) {
            if (below->enumerated) {
                below->enumerated->frozen = true;
            }
        }
    }
    note_(message.port, recovered ? "kernel: recovery successful" : "kernel: recovery failed");
    if (!recovered && machine_.character.failed_for_port) {
        say(event::RecoveryReported{message.port, RecoveryReport::Failed});
    } else {
        for (const pci::Address& function : affected) {
            // One that pciehp has removed meanwhile is sometimes reported all the same.
            if (machine_.port_of(function) != nullptr || random_.chance(300)) {
                say(event::RecoveryReported{
                    function, recovered ? RecoveryReport::Succeeded : RecoveryReport::Failed});
            }
        }
    }
    lock_of(message.handler, message.service).release(schedule_);
}

void Kernel::reset_link(const pci::Address& address, Duration down_for) {
    SimPort& port = *machine_.find(address);
    const bool slot_path = port.bound.contains(pci::Service::Pciehp);
    link_changing_[address] += slot_path ? 1 : 0;
    if (slot_path && machine_.character.leaky) {
        // pciehp_reset_slot before v6.16: nothing is heard, unless another interrupt of the shared
        // vector comes in between.
        port.kernel_masks = !random_.chance(300);
    }
    link_down(port);
    later(down_for, [this, address, slot_path] {
        SimPort& now = *machine_.find(address);
        link_comes_up(address);
        if (now.card) {
            now.card->wiped = now.card->drivers != Drivers::WithCallbacks;
            now.card->dead = now.card->dead && random_.chance(400);
        }
        link_changing_[address] -= slot_path ? 1 : 0;
        if (slot_path && machine_.character.leaky) {
            // It clears what was latched and sets the enable bits without looking what they were.
            // (A card that left meanwhile is noticed here all the same; the real one has a hole.)
            const bool same = now.card && now.enumerated && now.enumerated->card == now.card->uid;
            now.change_latched = now.change_latched && !(now.kernel_masks && same);
            now.kernel_masks = false;
            now.masked = false;
        }
        hotplug_interrupt(address);
    });
}

}  // namespace slotd::sim
