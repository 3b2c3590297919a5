#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "daemon/executor/subject_check.hpp"
#include "os/driver_note.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

/// A function directly below a port, held open.
struct FunctionBelow {
    pci::Address address;
    os::SysfsDir dir;
    os::DriverNote driver;
    std::string group;  ///< IOMMU group; empty where it has none
    bool bridge = false;
    bool virtual_function = false;
    bool given_to_vfio = false;
};

/// The addresses of all of them, VFs included, in order. `port` is the port's directory.
Result<std::vector<pci::Address>> addresses_below(const os::SysfsDir& port);

/// All of them, VFs included, by address.
Result<std::vector<FunctionBelow>> functions_below(const CheckedPort& port);

}  // namespace slotd::executor
