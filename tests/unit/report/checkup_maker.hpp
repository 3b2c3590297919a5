#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "pci/link.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"
#include "report/checkup.hpp"
#include "report/finding.hpp"

namespace slotd::report {

inline constexpr pci::Address kPort{0, 0, 0x1c, 0};
inline constexpr pci::Address kCard{0, 1, 0, 0};

/// A machine of which nothing could be better: a new kernel, level exclusive, automatic action, one
/// slot with a card of one function.
inline Checkup well_checkup() {
    coordinator::SlotStatus status;
    status.port = status.root_port = kPort;
    status.slot = "5";
    status.phase = "idle";
    status.level = policy::Level::Exclusive;
    status.automatic_action = true;
    status.budget_left = 5;
    status.occupied = true;
    status.link = pci::Link{.up = true, .speed = 3, .width = 4, .speed_max = 3, .width_max = 4};
    status.functions = {pci::Function{kCard, "nvme", {}}};
    status.gates = {"pciehp of 0000:00:1c.0"};
    const SlotCase slot{status,
                        {.port = kPort,
                         .traits = event::SlotTraits{
                             .hotplug = true, .surprise = true, .power_controller = false}}};
    const PortFacts port{
        .found = true,
        .reports_errors = true,
        .services = {pci::Service::Aer, pci::Service::Pciehp, pci::Service::Dpc},
        .bound = {pci::Service::Aer, pci::Service::Dpc},
        .root_services = {pci::Service::Aer, pci::Service::Pciehp, pci::Service::Dpc},
        .root_bound = {pci::Service::Aer, pci::Service::Dpc},
        .functions = {{.address = kCard,
                       .reports_errors = true,
                       .reset_methods = {"flr", "bus"},
                       .errors = {}}}};
    return {.daemon = {.version = "1.0", .automatic_action = true},
            .kernel = {.release = "7.0",
                       .lockdown = "none",
                       .ignores_reset_flaps = Known::Yes,
                       .ignores_dpc_flaps = Known::Yes,
                       .resets_nested_slots = Known::Yes,
                       .resets_below_slots = Known::Yes,
                       .has_error_trace = Known::Yes,
                       .has_hotplug_trace = Known::Yes,
                       .shares_interrupt = Known::Yes,
                       .firmware_has_errors = Known::No},
            .machine = {slot},
            .slots = {{slot, port}}};
}

/// The slot's status in both places that have it.
inline void change_status(Checkup& checkup,
                          const std::function<void(coordinator::SlotStatus&)>& change) {
    change(checkup.machine.front().status);
    change(checkup.slots.front().known.status);
}

}  // namespace slotd::report
