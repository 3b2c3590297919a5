#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio_calls.hpp"
#include "pci/address.hpp"

namespace slotd::os {

/// VFIO's user API as far as a hot reset takes it (Documentation/driver-api/vfio.rst of the
/// kernel), one function for each call. Errors are those of vfio_answers().

/// /dev/vfio/vfio, of the version that is known here.
Result<UniqueFd> open_container(const VfioCalls& calls);

/// /dev/vfio/<name>. A group has one opener at a time.
Result<UniqueFd> open_group(const VfioCalls& calls, const std::string& name);

/// No host driver may have a function of the group.
Status join_container(const VfioCalls& calls, const UniqueFd& group, const UniqueFd& container);

/// Type 1 of the newer or the older kind. Possible once a group has joined.
Status set_iommu(const VfioCalls& calls, const UniqueFd& container);

/// The first opener of a function resets it, and so does its last close (KERNEL 4.3).
Result<UniqueFd> open_device(const VfioCalls& calls, const UniqueFd& group,
                             const pci::Address& function);

/// One function that a hot reset affects.
struct Affected {
    pci::Address function;
    std::uint32_t owner = 0;  ///< its IOMMU group, or its device id
    bool operator==(const Affected&) const = default;
};

struct HotResetInfo {
    bool by_device_id = false;  ///< the function was opened by its own device node
    bool all_owned = false;     ///< only with by_device_id
    std::vector<Affected> functions;
    bool operator==(const HotResetInfo&) const = default;
};

/// VFIO_DEVICE_GET_PCI_HOT_RESET_INFO. The list may grow while it is asked for.
Result<HotResetInfo> hot_reset_info(const VfioCalls& calls, const UniqueFd& device);

/// VFIO_DEVICE_PCI_HOT_RESET: with the groups of all affected functions, or with none for a
/// function that was opened by its own device node.
Status hot_reset(const VfioCalls& calls, const UniqueFd& device, std::span<const UniqueFd> groups);

/// More functions behind one port are not believed; ARI allows 256, and VFs on a second bus.
inline constexpr std::size_t kAffectedMax = 1024;

}  // namespace slotd::os
