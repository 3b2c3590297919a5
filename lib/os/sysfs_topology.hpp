#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"
#include "engine/ports.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::os {

/// The machine's PCIe ports as sysfs shows them; needs no privilege.
///
/// What is a port is told by the tree: a PCIe bridge (class 0604xx with PCIe link attributes)
/// directly below a host bridge is a Root Port; below a Root Port or Switch Downstream Port it is a
/// switch's Upstream Port, which has no link below it and is no port here; below that a Switch
/// Downstream Port.
///
/// Read are symbolic links and attributes that the kernel answers from memory; never `uevent`,
/// which takes device_lock, nor `config`. The one exception are the bus numbers, which the kernel
/// reads from the port, waking it and what is above: of a port that sleeps they are taken from the
/// names below it. Devices may come and go meanwhile: what vanishes is left out.
class SysfsTopology final : public engine::TopologySource {
public:
    /// `root` is where sysfs is mounted.
    explicit SysfsTopology(std::string root = "/sys");

    /// NotFound: this machine shows no PCI at all. PCI without a PCIe port is an empty Topology.
    Result<pci::Topology> scan() override;

private:
    struct BusRange {
        std::uint8_t secondary = 0;
        std::uint8_t subordinate = 0;
    };
    class Scan;

    std::string root_;
    /// Last ranges read of ports that were awake: a port that falls asleep must not look changed.
    std::map<pci::Address, BusRange> ranges_;
};

}  // namespace slotd::os
