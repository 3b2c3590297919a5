#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/config_space.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/registers/pcie_capability.hpp"

namespace slotd::executor {

/// Something that slotd-exec has checked itself, or the answer to give instead.
template <class T>
using Checked = std::expected<T, event::Outcome>;

/// The registers of an existing Root Port or Switch Downstream Port, held open.
struct PortRegisters {
    pci::Address address;
    std::unique_ptr<os::ConfigSpace> config;
    std::uint16_t pcie = 0;  ///< offset of the PCI Express capability
    pci::PcieCapabilities capabilities;
};

/// Gone where there is no such function or it does not answer, Refused where it is something else.
Checked<PortRegisters> check_port_registers(
    const Hands& hands, const pci::Address& address,
    os::ConfigSpace::Use use = os::ConfigSpace::Use::ReadAndWrite);

/// The same with what sysfs has of it, held open too.
struct CheckedPort : PortRegisters {
    os::SysfsDir dir;
};

Checked<CheckedPort> check_port(const Hands& hands, const pci::Address& address);

/// A function whose link partner is a port, held open.
struct CheckedFunction {
    pci::Address address;
    os::SysfsDir dir;
    pci::Address port;
};

enum class Bridges : std::uint8_t {
    Refused,
    Allowed,  ///< a switch's Upstream Port: it goes with everything below it
};

/// The function itself need not answer: what is dead is what has to be removed.
Checked<CheckedFunction> check_function(const Hands& hands, const pci::Address& address,
                                        Bridges bridges);

}  // namespace slotd::executor
