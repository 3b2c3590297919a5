#pragma once

#include <string>

#include "base/result.hpp"
#include "daemon/executor/hands.hpp"
#include "os/driver_note.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

inline constexpr const char* kVfioPci = "vfio-pci";

/// Driver and driver_override of a function ("(null)" in sysfs is none).
os::DriverNote read_driver(const os::SysfsDir& function);

/// Bound to vfio-pci, or to another driver that gives the function to user space through VFIO.
bool is_given_to_vfio(const os::SysfsDir& function);

/// driver_override of a function; empty for none.
Status set_override(const Hands& hands, const os::SysfsDir& function, const std::string& driver);

/// Both return when the function's `driver` link says so. The first has nothing to do where there
/// is no driver. Unbinding waits until nobody uses the function, with vfio-pci for ever.
Status unbind_driver(const Hands& hands, const os::SysfsDir& function, const pci::Address& address);
Status bind_driver(const Hands& hands, const os::SysfsDir& function, const pci::Address& address,
                   const std::string& driver);

}  // namespace slotd::executor
