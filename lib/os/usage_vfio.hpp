#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "os/sysfs_dir.hpp"
#include "os/usage_processes.hpp"
#include "pci/address.hpp"

namespace slotd::os {

/// vfio-pci and its variants ("mlx5-vfio-pci", "vfio-pci-igbx").
bool is_vfio_driver(std::string_view driver);

/// The IOMMU group of a function that a VFIO driver has; adds the nodes by which it is used.
/// Whether somebody does is told by who has them open: to open one, even to look, resets the
/// function (KERNEL 4.3).
std::optional<std::uint32_t> vfio_group(const SysfsDir& sysfs, const SysfsDir& function_dir,
                                        const pci::Address& function, DeviceNodes& nodes);

}  // namespace slotd::os
