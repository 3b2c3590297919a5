#pragma once

#include <cstdint>

/// What <linux/vfio.h> of Debian 12 (6.1) lacks of VFIO's ABI: hot reset of functions that are
/// opened by their own device node. Source: include/uapi/linux/vfio.h of Linux v6.6, struct
/// vfio_pci_dependent_device and vfio_pci_hot_reset_info.
namespace slotd::os::vfio_abi {

/// flags of vfio_pci_hot_reset_info: the first number of each entry is a device id, no group.
inline constexpr std::uint32_t kHotResetFlagDevId = 1U << 0;
/// With it: every function of the list is owned by the caller.
inline constexpr std::uint32_t kHotResetFlagDevIdOwned = 1U << 1;

/// Device ids that name no device of the caller's iommufd: owned all the same, and not owned.
inline constexpr std::uint32_t kDevIdOwned = 0;
inline constexpr std::uint32_t kDevIdNotOwned = 0xffffffff;

}  // namespace slotd::os::vfio_abi
