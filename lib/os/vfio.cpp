#include "os/vfio.hpp"

#include <linux/vfio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio_abi.hpp"
#include "os/vfio_answers.hpp"
#include "os/vfio_calls.hpp"
#include "pci/address.hpp"

namespace slotd::os {

namespace {

// First to learn how many, then with room for them; twice more where they become more meanwhile.
constexpr int kInfoAsksMax = 4;

std::unexpected<Error> at(VfioStep step, int negative_errno) {
    return std::unexpected(vfio_error(step, -negative_errno));
}

Result<UniqueFd> opened(VfioStep step, int fd) {
    if (fd < 0) {
        return at(step, fd);
    }
    return UniqueFd{fd};
}

/// Header and list in one block, as the ioctls take them.
class Block {
public:
    Block(std::size_t header, std::size_t entries, std::size_t entry)
        : bytes_(header + entries * entry) {}

    template <class T>
    void put(std::size_t offset, const T& value) {
        std::memcpy(bytes_.data() + offset, &value, sizeof value);
    }

    template <class T>
    T get(std::size_t offset) const {
        T value{};
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }

    std::uint32_t size() const { return static_cast<std::uint32_t>(bytes_.size()); }

    void* data() { return bytes_.data(); }

private:
    std::vector<std::uint8_t> bytes_;  // new[] aligns for every fundamental type
};

HotResetInfo info_of(const Block& block, std::uint32_t count) {
    const auto header = block.get<vfio_pci_hot_reset_info>(0);
    HotResetInfo info{(header.flags & vfio_abi::kHotResetFlagDevId) != 0,
                      (header.flags & vfio_abi::kHotResetFlagDevIdOwned) != 0,
                      {}};
    for (std::uint32_t index = 0; index < count; ++index) {
        const auto entry = block.get<vfio_pci_dependent_device>(
            sizeof header + index * sizeof(vfio_pci_dependent_device));
        const pci::Address function{entry.segment, entry.bus,
                                    static_cast<std::uint8_t>(entry.devfn >> 3),
                                    static_cast<std::uint8_t>(entry.devfn & 7)};
        info.functions.push_back({function, entry.group_id});
    }
    return info;
}

}  // namespace

Result<UniqueFd> open_container(const VfioCalls& calls) {
    auto container = opened(VfioStep::OpenContainer, calls.open("vfio"));
    if (container &&
        calls.ioctl(container->get(), VFIO_GET_API_VERSION, nullptr) != VFIO_API_VERSION) {
        return failure(ErrorKind::Unsupported, "speak to VFIO, which has another API version");
    }
    return container;
}

Result<UniqueFd> open_group(const VfioCalls& calls, const std::string& name) {
    return opened(VfioStep::OpenGroup, calls.open(name));
}

Status join_container(const VfioCalls& calls, const UniqueFd& group, const UniqueFd& container) {
    vfio_group_status status{.argsz = sizeof status, .flags = 0};
    if (const int asked = calls.ioctl(group.get(), VFIO_GROUP_GET_STATUS, &status); asked < 0) {
        return at(VfioStep::JoinContainer, asked);
    }
    if ((status.flags & VFIO_GROUP_FLAGS_VIABLE) == 0) {
        return at(VfioStep::JoinContainer, -EPERM);
    }
    int fd = container.get();
    if (const int set = calls.ioctl(group.get(), VFIO_GROUP_SET_CONTAINER, &fd); set < 0) {
        return at(VfioStep::JoinContainer, set);
    }
    return {};
}

Status set_iommu(const VfioCalls& calls, const UniqueFd& container) {
    const auto type = [](unsigned long number) { return reinterpret_cast<void*>(number); };
    int set = -ENODEV;
    for (const unsigned number : {unsigned{VFIO_TYPE1v2_IOMMU}, unsigned{VFIO_TYPE1_IOMMU}}) {
        if (calls.ioctl(container.get(), VFIO_CHECK_EXTENSION, type(number)) > 0) {
            set = calls.ioctl(container.get(), VFIO_SET_IOMMU, type(number));
            break;
        }
    }
    if (set < 0) {
        return at(VfioStep::SetIommu, set);
    }
    return {};
}

Result<UniqueFd> open_device(const VfioCalls& calls, const UniqueFd& group,
                             const pci::Address& function) {
    std::string name = function.to_string();
    return opened(VfioStep::OpenDevice,
                  calls.ioctl(group.get(), VFIO_GROUP_GET_DEVICE_FD, name.data()));
}

Result<HotResetInfo> hot_reset_info(const VfioCalls& calls, const UniqueFd& device) {
    std::size_t room = 0;
    int last = -ENOSPC;
    for (int ask = 0; ask < kInfoAsksMax; ++ask) {
        Block block(sizeof(vfio_pci_hot_reset_info), room, sizeof(vfio_pci_dependent_device));
        block.put(0, vfio_pci_hot_reset_info{.argsz = block.size(), .flags = 0, .count = 0});
        last = calls.ioctl(device.get(), VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, block.data());
        const std::uint32_t count = block.get<vfio_pci_hot_reset_info>(0).count;
        if (last >= 0 && count <= room) {
            return info_of(block, count);
        }
        if (last >= 0 || (last == -ENOSPC && count > kAffectedMax)) {
            return failure(ErrorKind::Malformed, "read what a hot reset affects");
        }
        if (last != -ENOSPC && last != -EAGAIN) {
            break;
        }
        // EAGAIN: other functions than before; it may be more of them.
        room = last == -ENOSPC ? std::max<std::size_t>(count, room + 1) : room;
    }
    return at(VfioStep::AskResetInfo, last);
}

Status hot_reset(const VfioCalls& calls, const UniqueFd& device, std::span<const UniqueFd> groups) {
    Block block(sizeof(vfio_pci_hot_reset), groups.size(), sizeof(std::int32_t));
    block.put(0, vfio_pci_hot_reset{.argsz = block.size(),
                                    .flags = 0,
                                    .count = static_cast<std::uint32_t>(groups.size())});
    for (std::size_t index = 0; index < groups.size(); ++index) {
        block.put(sizeof(vfio_pci_hot_reset) + index * sizeof(std::int32_t),
                  static_cast<std::int32_t>(groups[index].get()));
    }
    if (const int reset = calls.ioctl(device.get(), VFIO_DEVICE_PCI_HOT_RESET, block.data());
        reset < 0) {
        return at(VfioStep::HotReset, reset);
    }
    return {};
}

}  // namespace slotd::os
