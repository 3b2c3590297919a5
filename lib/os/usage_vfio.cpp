#include "os/usage_vfio.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/parse.hpp"
#include "os/sysfs_dir.hpp"
#include "os/usage_processes.hpp"
#include "pci/address.hpp"

namespace slotd::os {

bool is_vfio_driver(std::string_view driver) {
    return driver.find("vfio") != std::string_view::npos;
}

std::optional<std::uint32_t> vfio_group(const SysfsDir& sysfs, const SysfsDir& function_dir,
                                        const pci::Address& function, DeviceNodes& nodes) {
    const std::string group = function_dir.link_name("iommu_group").value_or("");
    for (const std::string& name : {group, "noiommu-" + group}) {
        if (!group.empty()) {
            nodes.add(NodeKind::Character, sysfs.read("class/vfio/" + name + "/dev").value_or(""),
                      "/dev/vfio/" + name, function);
        }
    }
    nodes.add(NodeKind::Character, "", "[vfio-device] " + function.to_string(), function);
    return parse_unsigned<std::uint32_t>(group);
}

}  // namespace slotd::os
