#include "daemon/executor/hotplug_mask.hpp"

#include <cstdint>
#include <expected>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "daemon/executor/gates.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"
#include "pci/address.hpp"
#include "pci/registers/slot_registers.hpp"

namespace slotd::executor {

namespace {

std::uint16_t slot_control_at(const PortRegisters& port) {
    return static_cast<std::uint16_t>(port.pcie + pci::SlotControl::kOffset);
}

Checked<pci::SlotControl> read_slot_control(const PortRegisters& port) {
    if (!port.capabilities.slot_implemented()) {
        return std::unexpected(refused(port.address.to_string() + " has no slot"));
    }
    const auto raw = port.config->read16(slot_control_at(port));
    if (!raw) {
        return std::unexpected(outcome_of(raw.error()));
    }
    if (pci::SlotControl(*raw).all_ones()) {
        return std::unexpected(gone(port.address.to_string() + " does not answer"));
    }
    return pci::SlotControl(*raw);
}

}  // namespace

event::Outcome mask_hotplug(const Hands& hands, const action::MaskHotplug& effect) {
    const auto port = check_port_registers(hands, effect.port);
    if (!port) {
        return port.error();
    }
    const auto now = read_slot_control(*port);
    if (!now) {
        return now.error();
    }
    return close_gate(hands, os::HotplugGate{effect.port, now->raw()}, [&] {
        return hands.write16(*port->config, slot_control_at(*port),
                             now->with_changes_masked().raw());
    });
}

event::Outcome unmask_hotplug(const Hands& hands, const action::UnmaskHotplug& effect) {
    const auto gate = recorded(hands, os::HotplugGate{effect.port, 0});
    if (!gate) {
        return outcome_of(gate.error());
    }
    return *gate ? open_gate(hands, **gate, effect.latched)
                 : already_so("hot-plug of " + effect.port.to_string() + " is not masked");
}

event::Outcome restore_notification(const Hands& hands, const os::HotplugGate& gate,
                                    action::Latched latched) {
    const auto port = check_port_registers(hands, gate.port);
    if (!port) {
        return port.error();
    }
    if (latched == action::Latched::Forget) {
        const auto offset = static_cast<std::uint16_t>(port->pcie + pci::SlotStatus::kOffset);
        if (auto cleared = hands.write16(*port->config, offset, pci::SlotStatus::kClearChanges);
            !cleared) {
            return failed(cleared.error().context, cleared.error().os_errno);
        }
    }
    // Read as late as possible: each command that pciehp gives meanwhile is in this register.
    const auto now = read_slot_control(*port);
    if (!now) {
        return now.error();
    }
    const pci::SlotControl before = now->with_changes_of(pci::SlotControl(gate.slot_control));
    if (before.raw() == now->raw()) {
        return done();  // nor could it be written under lockdown, where nothing was ever masked
    }
    if (auto written = hands.write16(*port->config, slot_control_at(*port), before.raw());
        !written) {
        return failed(written.error().context, written.error().os_errno);
    }
    return done();
}

}  // namespace slotd::executor
