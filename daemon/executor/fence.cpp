#include "daemon/executor/fence.hpp"

#include <cstdint>
#include <expected>
#include <string>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "daemon/executor/gates.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/outcome.hpp"
#include "os/config_space.hpp"
#include "os/gate.hpp"
#include "pci/address.hpp"
#include "pci/registers/aer_registers.hpp"
#include "pci/registers/capability_walk.hpp"
#include "pci/registers/device_registers.hpp"
#include "pci/registers/header_registers.hpp"
#include "pci/registers/pcie_capability.hpp"

namespace slotd::executor {

namespace {

/// The three registers of the fence, as they are now.
struct FenceRegisters {
    pci::Command command;
    pci::BridgeControl bridge_control;
    pci::DeviceControl device_control;
};

std::uint16_t device_control_at(const PortRegisters& port) {
    return static_cast<std::uint16_t>(port.pcie + pci::DeviceControl::kOffset);
}

Checked<FenceRegisters> read_registers(const PortRegisters& port) {
    const auto command = port.config->read16(pci::Command::kOffset);
    const auto bridge_control = port.config->read16(pci::BridgeControl::kOffset);
    const auto device_control = port.config->read16(device_control_at(port));
    for (const auto* value : {&command, &bridge_control, &device_control}) {
        if (!*value) {
            return std::unexpected(outcome_of(value->error()));
        }
    }
    const FenceRegisters registers{pci::Command(*command), pci::BridgeControl(*bridge_control),
                                   pci::DeviceControl(*device_control)};
    if (registers.command.all_ones() || registers.bridge_control.all_ones() ||
        registers.device_control.all_ones()) {
        return std::unexpected(gone(port.address.to_string() + " does not answer"));
    }
    return registers;
}

/// Only what is different: where nothing may be written (lockdown) a fence that was never raised is
/// open already.
Status write_registers(const Hands& hands, const PortRegisters& port, const FenceRegisters& now,
                       const FenceRegisters& registers) {
    if (now.bridge_control.raw() != registers.bridge_control.raw()) {
        if (auto written = hands.write16(*port.config, pci::BridgeControl::kOffset,
                                         registers.bridge_control.raw());
            !written) {
            return written;
        }
    }
    if (now.device_control.raw() != registers.device_control.raw()) {
        if (auto written = hands.write16(*port.config, device_control_at(port),
                                         registers.device_control.raw());
            !written) {
            return written;
        }
    }
    return now.command.raw() == registers.command.raw()
               ? Status{}
               : hands.write16(*port.config, pci::Command::kOffset, registers.command.raw());
}

/// Clears one 32-bit RW1C status register if something is latched in it.
void clear_latched(const Hands& hands, const os::ConfigSpace& config, std::uint16_t offset) {
    const auto latched = config.read32(offset);
    if (latched && *latched != 0 && *latched != 0xffffffff) {
        // Best effort: a status that stays is reported again at worst.
        (void)hands.write32(config, offset, *latched);
    }
}

void clear_errors(const Hands& hands, const pci::Address& function) {
    const os::ConfigSpace config(hands.sysfs().path(), function);
    if (const auto aer = pci::find_extended_capability(config.reader(), pci::Aer::kCapabilityId);
        aer && *aer) {
        clear_latched(hands, config,
                      static_cast<std::uint16_t>(**aer + pci::Aer::kUncorrectableStatusOffset));
        clear_latched(hands, config,
                      static_cast<std::uint16_t>(**aer + pci::Aer::kCorrectableStatusOffset));
    }
    const auto pcie = pci::find_capability(config.reader(), pci::PcieCapabilities::kCapabilityId);
    if (!pcie || !*pcie) {
        return;
    }
    const auto offset = static_cast<std::uint16_t>(**pcie + pci::DeviceStatus::kOffset);
    const auto raw = config.read16(offset);
    if (!raw || pci::DeviceStatus(*raw).all_ones() || pci::DeviceStatus(*raw).latched() == 0) {
        return;
    }
    (void)hands.write16(config, offset,
                        pci::DeviceStatus(*raw).latched());  // best effort, as above
}

}  // namespace

event::Outcome raise_fence(const Hands& hands, const action::RaiseFence& effect) {
    const auto port = check_port_registers(hands, effect.port);
    if (!port) {
        return port.error();
    }
    const auto now = read_registers(*port);
    if (!now) {
        return now.error();
    }
    const os::FenceGate gate{effect.port, now->command.raw(), now->bridge_control.raw(),
                             now->device_control.raw()};
    return close_gate(hands, gate, [&] {
        return write_registers(hands, *port, *now,
                               {now->command.with_serr_off(), now->bridge_control.with_serr_off(),
                                now->device_control.with_reporting_off()});
    });
}

event::Outcome lower_fence(const Hands& hands, const action::LowerFence& effect) {
    const auto gate = recorded(hands, os::FenceGate{effect.port, 0, 0, 0});
    if (!gate) {
        return outcome_of(gate.error());
    }
    return *gate ? open_gate(hands, **gate)
                 : already_so("no fence of " + effect.port.to_string() + " is up");
}

event::Outcome restore_fence(const Hands& hands, const os::FenceGate& gate) {
    const auto port = check_port(hands, gate.port);
    if (!port) {
        return port.error();
    }
    // Functions below first, the port last: what they send now the port does not forward yet.
    if (const auto names = port->dir.names()) {
        for (const std::string& name : *names) {
            if (const auto function = pci::Address::parse(name)) {
                clear_errors(hands, *function);
            }
        }
    }
    clear_errors(hands, gate.port);
    const auto now = read_registers(*port);
    if (!now) {
        return now.error();
    }
    const FenceRegisters before{
        now->command.with_serr_of(pci::Command(gate.command)),
        now->bridge_control.with_serr_of(pci::BridgeControl(gate.bridge_control)),
        now->device_control.with_reporting_of(pci::DeviceControl(gate.device_control))};
    if (auto written = write_registers(hands, *port, *now, before); !written) {
        return failed(written.error().context, written.error().os_errno);
    }
    return done();
}

}  // namespace slotd::executor
