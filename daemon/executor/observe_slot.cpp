#include "daemon/executor/observe_slot.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/observe_function.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "os/config_space.hpp"
#include "os/port_services.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/registers/capability_walk.hpp"
#include "pci/registers/header_registers.hpp"
#include "pci/registers/link_registers.hpp"
#include "pci/registers/pcie_capability.hpp"
#include "pci/registers/slot_registers.hpp"

namespace slotd::executor {

namespace {

/// Slot registers; nothing where the port has no slot.
void observe_slot_registers(const CheckedPort& port, event::Observation& seen) {
    const auto capabilities =
        port.config->read32(static_cast<std::uint16_t>(port.pcie + pci::SlotCapabilities::kOffset));
    const auto control =
        port.config->read16(static_cast<std::uint16_t>(port.pcie + pci::SlotControl::kOffset));
    const auto status =
        port.config->read16(static_cast<std::uint16_t>(port.pcie + pci::SlotStatus::kOffset));
    if (!port.capabilities.slot_implemented() || !capabilities || !control || !status ||
        pci::SlotStatus(*status).all_ones()) {
        return;
    }
    const pci::SlotStatus slot_status(*status);
    const pci::SlotCapabilities slot_capabilities(*capabilities);
    seen.slot_number = slot_capabilities.physical_slot_number();
    seen.traits = {.hotplug = slot_capabilities.hotplug_capable(),
                   .surprise = slot_capabilities.surprise_capable(),
                   .power_controller = slot_capabilities.power_controller()};
    seen.card_present = slot_status.card_present();
    seen.presence_latched = slot_status.presence_detect_changed();
    seen.link_change_latched = slot_status.link_state_changed();
    seen.hotplug_masked = pci::SlotControl(*control).masked();
}

/// Link Capabilities of the card: those of the first function that answers, as all functions of a
/// card share its link. nullopt where it has none, as a VF or a card of conventional PCI.
std::optional<pci::LinkCapabilities> link_capabilities_of_card(const Hands& hands,
                                                               const event::Observation& seen) {
    const auto function = std::ranges::find_if(
        seen.functions, [](const auto& one) { return !one.is_virtual && one.identity.answers(); });
    if (function == seen.functions.end()) {
        return std::nullopt;
    }
    const os::ConfigSpace config(hands.sysfs().path(), function->address);
    const auto pcie = pci::find_capability(config.reader(), pci::PcieCapabilities::kCapabilityId);
    if (!pcie || !*pcie) {
        return std::nullopt;
    }
    const auto raw =
        config.read32(static_cast<std::uint16_t>(**pcie + pci::LinkCapabilities::kOffset));
    return raw && *raw != 0xffffffff ? std::optional(pci::LinkCapabilities(*raw)) : std::nullopt;
}

void observe_link_maximum(const Hands& hands, const pci::LinkCapabilities& port,
                          event::Observation& seen) {
    if (const auto card = link_capabilities_of_card(hands, seen)) {
        seen.link_speed_max = std::min(port.speed_max(), card->speed_max());
        seen.link_width_max = std::min(port.width_max(), card->width_max());
    }
}

void observe_link_registers(const Hands& hands, const CheckedPort& port, event::Observation& seen) {
    const auto capabilities =
        port.config->read32(static_cast<std::uint16_t>(port.pcie + pci::LinkCapabilities::kOffset));
    const auto status =
        port.config->read16(static_cast<std::uint16_t>(port.pcie + pci::LinkStatus::kOffset));
    if (!capabilities || !status || pci::LinkStatus(*status).all_ones()) {
        return;
    }
    const pci::LinkStatus link(*status);
    if (pci::LinkCapabilities(*capabilities).reports_link_active()) {
        seen.link_active = link.active();
    }
    // Speed and width are undefined while the link is down (7.5.3.8).
    if (seen.link_active.value_or(true)) {
        seen.link_speed = link.speed();
        seen.link_width = link.width();
        observe_link_maximum(hands, pci::LinkCapabilities(*capabilities), seen);
    }
}

/// Everything but the port's registers.
event::Observation observe_tree(const Hands& hands, const os::SysfsDir& dir,
                                const pci::Address& port) {
    event::Observation seen;
    seen.port = port;
    // Functions and port services; what else is there has no colon.
    const auto names =
        dir.names([](std::string_view name) { return name.find(':') != std::string_view::npos; });
    if (!names) {
        return seen;
    }
    seen.bound = os::PortServices(hands.sysfs(), dir, port).bound_of(*names);
    for (const std::string& name : *names) {
        const auto function = pci::Address::parse(name);
        if (function && seen.functions.size() < event::kFunctionsSeenMax) {
            seen.functions.push_back(observe_function(hands, dir, *function));
        }
    }
    std::ranges::sort(seen.functions, {}, &event::FunctionSeen::address);
    return seen;
}

event::Outcome observed(event::Observation seen) {
    event::Outcome outcome = done();
    outcome.observation = std::move(seen);
    return outcome;
}

}  // namespace

event::Outcome observe_slot(const Hands& hands, const action::ObserveSlot& effect) {
    const auto port = check_port(hands, effect.port);
    if (!port) {
        const auto dir = hands.device_dir(effect.port);
        return port.error().kind == event::OutcomeKind::Gone && dir
                   ? observed(observe_tree(hands, *dir, effect.port))
                   : port.error();
    }
    event::Observation seen = observe_tree(hands, port->dir, effect.port);
    seen.port_answers = true;
    observe_slot_registers(*port, seen);
    observe_link_registers(hands, *port, seen);
    if (const auto bridge = port->config->read16(pci::BridgeControl::kOffset)) {
        seen.fenced = !pci::BridgeControl(*bridge).forwards_errors();
    }
    return observed(std::move(seen));
}

}  // namespace slotd::executor
