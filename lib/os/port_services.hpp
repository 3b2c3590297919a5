#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::os {

/// The port service device of one service of one port, as /sys/bus/pci_express has it.
struct ServiceDevice {
    std::string name;    ///< "0000:00:1c.0:pcie004"
    bool bound = false;  ///< the service's own driver is bound to it
};

/// The kernel's port services of one port, in its directory in sysfs. Looking is quick; bind and
/// unbind block for as long as the service's handler runs (KERNEL 6).
class PortServices {
public:
    /// `sysfs` is what stands for /sys, `port_dir` the port's own directory; both outlive this
    /// object.
    PortServices(const SysfsDir& sysfs, const SysfsDir& port_dir, const pci::Address& port)
        : sysfs_(sysfs),
          port_dir_(port_dir),
          port_(port) {}

    /// nullopt where the port has no such service.
    Result<std::optional<ServiceDevice>> find(pci::Service service) const;
    /// Services with their driver bound.
    Result<pci::ServiceSet> bound() const;
    /// The same, where the names in the port's directory have been read already.
    pci::ServiceSet bound_of(const std::vector<std::string>& names) const;

    /// Returns when the running handler has finished and the driver is unbound.
    Status unbind(pci::Service service, const std::string& device) const;
    Status bind(pci::Service service, const std::string& device) const;

private:
    Status write_to_driver(pci::Service service, const std::string& attribute,
                           const std::string& device) const;
    Status wait_until(pci::Service service, const std::string& device, bool bound) const;
    bool is_bound(pci::Service service, const std::string& device) const;

    const SysfsDir& sysfs_;
    const SysfsDir& port_dir_;
    pci::Address port_;
};

}  // namespace slotd::os
