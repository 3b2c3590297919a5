#pragma once

#include <optional>
#include <string>
#include <variant>

#include "daemon/executor/hands.hpp"
#include "os/unique_fd.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

/// An open IOMMU group: /dev/vfio/7.
struct LentGroup {
    std::string group;
    bool operator==(const LentGroup&) const = default;
};

/// A function that was opened by its own node: /dev/vfio/devices/vfio3.
struct LentFunction {
    pci::Address function;
    bool operator==(const LentFunction&) const = default;
};

/// What a descriptor is open on, from its device number and what sysfs has of that: the class is
/// the kernel's word, whatever the file is called. nullopt for anything else, the container and
/// functions that were opened through a group among them.
std::optional<std::variant<LentGroup, LentFunction>> identify(const Hands& hands,
                                                              const os::UniqueFd& fd);

}  // namespace slotd::executor
