#include "daemon/executor/subject_check.hpp"

#include <algorithm>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "event/outcome.hpp"
#include "os/config_space.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/registers/capability_walk.hpp"
#include "pci/registers/header_registers.hpp"
#include "pci/registers/pcie_capability.hpp"

namespace slotd::executor {

namespace {

std::unexpected<event::Outcome> instead(event::Outcome outcome) {
    return std::unexpected(std::move(outcome));
}

/// The function that sysfs has this one below; nullopt directly below a host bridge.
std::optional<pci::Address> parent_of(const Hands& hands, const pci::Address& address) {
    const auto target = hands.sysfs().link_target("bus/pci/devices/" + address.to_string());
    std::string_view path = target ? std::string_view(*target) : "";
    path.remove_suffix(path.size() - std::min(path.rfind('/'), path.size()));
    return pci::Address::parse(path.substr(path.rfind('/') + 1));
}

}  // namespace

Checked<PortRegisters> check_port_registers(const Hands& hands, const pci::Address& address,
                                            os::ConfigSpace::Use use) {
    auto config = std::make_unique<os::ConfigSpace>(hands.sysfs().path(), address, use);
    const auto vendor = config->read16(pci::kVendorIdOffset);
    if (!vendor) {
        return instead(outcome_of(vendor.error()));
    }
    if (*vendor == 0xffff) {
        return instead(gone(address.to_string() + " does not answer"));
    }
    // Where the walk finds it, it has read the register of the port's kind with the list's own.
    static_assert(pci::PcieCapabilities::kOffset == sizeof(std::uint16_t));
    std::uint32_t last_read = 0;
    const auto pcie = pci::find_capability(
        [&](std::uint16_t offset) {
            const auto value = config->read32(offset);
            last_read = value.value_or(0);
            return value;
        },
        pci::PcieCapabilities::kCapabilityId);
    if (!pcie) {
        return instead(outcome_of(pcie.error()));
    }
    if (!*pcie) {
        return instead(refused(address.to_string() + " is no PCI Express function"));
    }
    const pci::PcieCapabilities capabilities(static_cast<std::uint16_t>(last_read >> 16));
    if (!capabilities.is_port()) {
        return instead(refused(address.to_string() + " is neither Root nor Downstream Port"));
    }
    return PortRegisters{address, std::move(config), **pcie, capabilities};
}

Checked<CheckedPort> check_port(const Hands& hands, const pci::Address& address) {
    auto dir = hands.device_dir(address);
    if (!dir) {
        return instead(outcome_of(dir.error()));
    }
    auto registers = check_port_registers(hands, address, os::ConfigSpace::Use::Read);
    if (!registers) {
        return instead(std::move(registers.error()));
    }
    return CheckedPort{std::move(*registers), std::move(*dir)};
}

Checked<CheckedFunction> check_function(const Hands& hands, const pci::Address& address,
                                        Bridges bridges) {
    auto dir = hands.device_dir(address);
    if (!dir) {
        return instead(outcome_of(dir.error()));
    }
    // The kernel's own copy of the class: a dead card reads as all ones.
    const auto class_text = dir->read("class");
    if (!class_text) {
        return instead(outcome_of(class_text.error()));
    }
    const bool is_bridge = class_text->starts_with("0x06") && !class_text->starts_with("0x0600");
    if (is_bridge && bridges == Bridges::Refused) {
        return instead(refused(address.to_string() + " is a bridge"));
    }
    const std::optional<pci::Address> parent = parent_of(hands, address);
    if (!parent) {
        return instead(refused(address.to_string() + " is not below a port"));
    }
    const auto port = check_port(hands, *parent);
    if (!port) {
        return instead(port.error());
    }
    return CheckedFunction{address, std::move(*dir), *parent};
}

}  // namespace slotd::executor
