#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "os/driver_note.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::os {

/// A gate is what slotd-exec holds shut for a while in the kernel or the hardware: DESIGN.md
/// section 4, invariant 5. Each of these names the gate and says how it was before it was closed,
/// so that whoever comes after a crash can open it again.

/// Error forwarding and reporting of a port.
struct FenceGate {
    pci::Address port;
    std::uint16_t command = 0;
    std::uint16_t bridge_control = 0;
    std::uint16_t device_control = 0;
    bool operator==(const FenceGate&) const = default;
};

/// Presence and link change notification of a port's slot.
struct HotplugGate {
    pci::Address port;
    std::uint16_t slot_control = 0;
    bool operator==(const HotplugGate&) const = default;
};

/// A port service that was bound.
struct ServiceGate {
    pci::Address port;
    pci::Service service = pci::Service::Pciehp;
    bool operator==(const ServiceGate&) const = default;
};

/// The list of reset methods of a function, and the one that stands there instead.
struct ResetMethodGate {
    pci::Address function;
    std::string methods;  ///< "flr bus", in the kernel's order
    std::string only;     ///< "bus"; a list that is another by now is not ours to put back
    bool operator==(const ResetMethodGate&) const = default;
};

/// A function that was given to vfio-pci for a reset: its driver and driver_override from before.
struct DriverGate {
    pci::Address port;  ///< directly above it; gates of one port are opened one after the other
    pci::Address function;
    DriverNote before;
    bool operator==(const DriverGate&) const = default;
};

/// The virtual functions that a physical one had, before a step that may lose them.
struct VfsGate {
    pci::Address port;            ///< directly above it
    pci::Address function;        ///< the physical one
    bool autoprobe = true;        ///< sriov_drivers_autoprobe
    std::vector<DriverNote> vfs;  ///< by index; 1 to kVfsMax
    bool operator==(const VfsGate&) const = default;
};

/// Power of a port's slot, which was on.
struct PowerGate {
    pci::Address port;
    bool operator==(const PowerGate&) const = default;
};

using Gate = std::variant<FenceGate, HotplugGate, ServiceGate, ResetMethodGate, DriverGate, VfsGate,
                          PowerGate>;

/// The port or function that the gate is part of; the port for functions that are looked after
/// together.
pci::Address subject(const Gate& gate);

/// Names the gate without its former state: "fence 0000:00:1c.0", "service 0000:00:1c.0 pciehp".
/// Two gates with one name are the same gate.
std::string name_of(const Gate& gate);

/// One line of the gate record, newline included, with a checksum at its end:
///   closed fence 0000:00:1c.0 0107 0002 000f #8c1d22f0
///   opened fence 0000:00:1c.0 #0b51a3c7
/// The longest is that of a function with kVfsMax VFs and drivers that all differ:
/// kGateLineBytesMax.
std::string closed_line(const Gate& gate);
std::string opened_line(const Gate& gate);

inline constexpr std::size_t kGateLineBytesMax = std::size_t{40} * 1024;

/// A line of the record without its newline, read back.
struct GateLine {
    std::optional<Gate> closed;  ///< nullopt: the gate called `name` was opened
    std::string name;
    bool operator==(const GateLine&) const = default;
};

/// Malformed for a line that closed_line() or opened_line() would not have written.
Result<GateLine> parse_gate_line(std::string_view line);

}  // namespace slotd::os
