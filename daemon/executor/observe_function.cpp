#include "daemon/executor/observe_function.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "daemon/executor/hands.hpp"
#include "event/observation.hpp"
#include "event/outcome_wire.hpp"
#include "os/config_space.hpp"
#include "os/error_counts.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/bars.hpp"
#include "pci/identity.hpp"
#include "pci/registers/bar_registers.hpp"
#include "pci/registers/header_registers.hpp"

namespace slotd::executor {

namespace {

std::uint16_t hex_attribute(const os::SysfsDir& dir, const std::string& name) {
    const auto text = dir.read(name);
    return text && text->starts_with("0x")
               ? parse_unsigned<std::uint16_t>(std::string_view(*text).substr(2), 16).value_or(0)
               : std::uint16_t{0};
}

/// By the links to them: reading sriov_numvfs takes device_lock, so it waits for a driver that
/// hangs in its sriov_configure (pci/iov.c sriov_numvfs_show).
std::uint16_t count_vfs(const os::SysfsDir& dir) {
    if (!dir.exists("sriov_numvfs")) {
        return 0;
    }
    const auto names = dir.names().value_or(std::vector<std::string>{});
    return static_cast<std::uint16_t>(std::ranges::count_if(
        names, [](const std::string& name) { return name.starts_with("virtfn"); }));
}

bool bars_intact(const os::ConfigHeader& header, const os::SysfsDir& dir) {
    const auto text = dir.read("resource");
    const pci::BarResources resources = text ? pci::parse_resource(*text) : pci::BarResources{};
    if (std::ranges::none_of(resources, pci::is_assigned)) {
        return true;
    }
    std::array<std::uint32_t, pci::kBarsOfTypeZero> registers{};
    const std::size_t count =
        pci::HeaderType(header.read<std::uint8_t>(pci::kHeaderTypeOffset)).bars();
    for (std::size_t bar = 0; bar < count; ++bar) {
        registers.at(bar) = header.read<std::uint32_t>(
            static_cast<std::uint16_t>(pci::kBarsOffset + bar * sizeof(std::uint32_t)));
    }
    return pci::bars_intact(std::span(registers).first(count), resources);
}

/// Vendor and Device ID of a VF read as all ones (PCIe r6.0 9.3.4.1.1, 9.3.4.1.2): whether it is
/// there is told by the rest of its header, and who it is by the kernel, which has it from the PF.
pci::Identity read_vf_identity(const os::ConfigSpace& config, const os::SysfsDir& dir) {
    const auto class_and_revision = config.read32(pci::kRevisionIdOffset);
    const auto subsystem = config.read32(pci::kSubsystemVendorIdOffset);
    if (!class_and_revision || *class_and_revision == 0xffffffff || !subsystem) {
        return {};
    }
    pci::Identity identity;
    identity.vendor = hex_attribute(dir, "vendor");
    identity.device = hex_attribute(dir, "device");
    identity.subsystem_vendor = static_cast<std::uint16_t>(*subsystem);
    identity.subsystem_device = static_cast<std::uint16_t>(*subsystem >> 16);
    identity.class_code = *class_and_revision >> 8;
    identity.revision = static_cast<std::uint8_t>(*class_and_revision);
    return identity;
}

/// 0 for a function that does not answer.
std::uint16_t command_of(std::uint16_t raw) {
    return pci::Command(raw).all_ones() ? std::uint16_t{0} : raw;
}

void observe_vf(const os::ConfigSpace& config, const os::SysfsDir& dir, event::FunctionSeen& seen) {
    seen.command = command_of(config.read16(pci::Command::kOffset).value_or(0xffff));
    seen.identity = read_vf_identity(config, dir);
    seen.memory_decodes = seen.identity.answers();
}

void observe_physical(const os::ConfigSpace& config, const os::SysfsDir& dir,
                      event::FunctionSeen& seen) {
    os::ConfigHeader header;
    header.bytes.fill(0xff);
    header = config.read_header().value_or(header);
    seen.command = command_of(header.read<std::uint16_t>(pci::Command::kOffset));
    seen.identity = config.identity_of(header);
    seen.memory_decodes = seen.command != 0 && pci::Command(seen.command).decodes();
    seen.bars_intact = bars_intact(header, dir);
    seen.vfs = count_vfs(dir);
}

}  // namespace

event::FunctionSeen observe_function(const Hands& hands, const os::SysfsDir& port_dir,
                                     const pci::Address& address) {
    event::FunctionSeen seen;
    seen.address = address;
    const auto dir = port_dir.open_below(address.to_string());
    if (!dir) {
        return seen;  // gone since it was listed
    }
    seen.driver = dir->link_name("driver").value_or("").substr(0, event::kDriverBytesMax);
    const os::ConfigSpace config(hands.sysfs().path(), address);
    seen.is_virtual = dir->exists("physfn");
    if (seen.is_virtual) {
        observe_vf(config, *dir, seen);
    } else {
        observe_physical(config, *dir, seen);
    }
    seen.errors = os::read_error_counts(*dir);
    return seen;
}

}  // namespace slotd::executor
