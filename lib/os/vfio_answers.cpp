#include "os/vfio_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slotd::os {

namespace {

using enum VfioStep;
constexpr ErrorKind kBusy = ErrorKind::Busy;
constexpr ErrorKind kNo = ErrorKind::Unsupported;
constexpr ErrorKind kIo = ErrorKind::Io;

constexpr std::string_view kOutOfMemory = "the kernel is out of memory; free some and ask again";
constexpr std::string_view kOurMistake = "slotd passed bad memory; report it as a mistake of slotd";

constexpr std::array kAnswers{
    VfioAnswer{OpenContainer, ENOENT, kNo, "VFIO is not loaded; modprobe vfio-pci"},
    VfioAnswer{OpenContainer, ENODEV, kNo, "VFIO is not loaded; modprobe vfio-pci"},
    VfioAnswer{OpenContainer, EACCES, kNo, "slotd-exec may not open /dev/vfio/vfio; allow it"},
    VfioAnswer{OpenContainer, EPERM, kNo, "slotd-exec may not open /dev/vfio/vfio; allow it"},
    VfioAnswer{OpenContainer, ENOMEM, kIo, kOutOfMemory},
    VfioAnswer{OpenGroup, EBUSY, kBusy,
               "another process has the group open; end it, or let it lend its descriptors"},
    VfioAnswer{OpenGroup, ENOENT, kNo, "no function of the group is bound to vfio-pci; bind one"},
    VfioAnswer{OpenGroup, ENODEV, kNo, "the group has gone; look at the slot again"},
    VfioAnswer{OpenGroup, EACCES, kNo, "slotd-exec may not open the group; allow /dev/vfio"},
    VfioAnswer{OpenGroup, EPERM, kNo, "slotd-exec may not open the group; allow /dev/vfio"},
    VfioAnswer{JoinContainer, EPERM, kNo,
               "a function of the group has a host driver; unbind it or give it to vfio-pci"},
    VfioAnswer{JoinContainer, EBUSY, kNo,
               "a function of the group has a host driver; unbind it or give it to vfio-pci"},
    VfioAnswer{JoinContainer, EINVAL, kNo, "the group is in a container already; let it go first"},
    VfioAnswer{SetIommu, ENODEV, kNo, "no IOMMU backend is loaded; modprobe vfio_iommu_type1"},
    VfioAnswer{SetIommu, EPERM, kNo,
               "the IOMMU does not remap interrupts; turn that on in the firmware"},
    VfioAnswer{SetIommu, EINVAL, kNo,
               "the IOMMU of this machine is of another type; use it by hand"},
    VfioAnswer{SetIommu, ENOMEM, kIo, kOutOfMemory},
    VfioAnswer{OpenDevice, EAGAIN, kBusy,
               "the function is locked by another reset or by its driver; ask again"},
    VfioAnswer{OpenDevice, EBUSY, kBusy,
               "the function is open by its own descriptor (iommufd); lend that one"},
    VfioAnswer{OpenDevice, EINVAL, kNo,
               "the group has no container with an IOMMU; set one up before it is lent"},
    VfioAnswer{OpenDevice, ENODEV, kNo, "the function is not in the group; lend the right group"},
    VfioAnswer{OpenDevice, EPERM, kNo,
               "a group without IOMMU takes CAP_SYS_RAWIO; use one with an IOMMU"},
    VfioAnswer{OpenDevice, ENOMEM, kIo, kOutOfMemory},
    VfioAnswer{OpenDevice, EBADF, kNo, "a descriptor is not open any more; lend it again"},
    VfioAnswer{AskResetInfo, ENODEV, kNo,
               "the kernel can reset neither the slot nor its bus; re-enumerate the slot"},
    VfioAnswer{AskResetInfo, ENOSPC, kBusy,
               "functions were added each time it was asked; wait for the hot-plug and ask again"},
    VfioAnswer{AskResetInfo, EAGAIN, kBusy,
               "functions changed while they were listed; wait for the hot-plug and ask again"},
    VfioAnswer{AskResetInfo, EPERM, kNo,
               "a function of the reset has no IOMMU group; turn the IOMMU on"},
    VfioAnswer{AskResetInfo, EINVAL, kNo,
               "the descriptor is bound to no iommufd; bind it before it is lent"},
    VfioAnswer{AskResetInfo, ENOTTY, kNo, "the descriptor is no VFIO PCI function; lend another"},
    VfioAnswer{AskResetInfo, EBADF, kNo, "a descriptor is not open any more; lend it again"},
    VfioAnswer{AskResetInfo, EFAULT, kIo, kOurMistake},
    VfioAnswer{AskResetInfo, ENOMEM, kIo, kOutOfMemory},
    VfioAnswer{HotReset, EBUSY, kBusy,
               "the owner is at the registers of a function right now; pause it and ask again"},
    VfioAnswer{HotReset, EAGAIN, kBusy,
               "a function or its port is locked by another reset or by a driver; ask again"},
    VfioAnswer{HotReset, ENOTTY, kIo,
               "a function did not answer after the reset, or none can be done; re-enumerate"},
    VfioAnswer{
        HotReset, EINVAL, kNo,
        "the functions were bound while pciehp was bound and unbound; bind all of them anew"},
    VfioAnswer{HotReset, EPERM, kNo, "a function of the reset has another owner; ask that one"},
    VfioAnswer{HotReset, ENODEV, kNo, "the functions have gone; look at the slot again"},
    VfioAnswer{HotReset, EBADF, kNo, "a descriptor is not open any more; lend it again"},
    VfioAnswer{HotReset, EFAULT, kIo, kOurMistake},
    VfioAnswer{HotReset, ENOMEM, kIo, kOutOfMemory},
};

}  // namespace

std::string_view to_text(VfioStep step) {
    switch (step) {
        case OpenContainer:
            return "open the VFIO container";
        case OpenGroup:
            return "open the VFIO group";
        case JoinContainer:
            return "put the VFIO group into a container";
        case SetIommu:
            return "set the IOMMU of the VFIO container";
        case OpenDevice:
            return "open the function through VFIO";
        case AskResetInfo:
            return "ask VFIO what a hot reset affects";
        case HotReset:
            return "hot reset by VFIO";
    }
    return "use VFIO";
}

std::span<const VfioAnswer> vfio_answers() {
    return kAnswers;
}

Error vfio_error(VfioStep step, int os_errno) {
    const auto known = std::ranges::find_if(kAnswers, [&](const VfioAnswer& answer) {
        return answer.step == step && answer.os_errno == os_errno;
    });
    if (known == kAnswers.end()) {
        return {kIo, os_errno,
                fmt::format("{}: the kernel gave an errno that slotd does not know there",
                            to_text(step))};
    }
    return {known->kind, os_errno, fmt::format("{}: {}", to_text(step), known->says)};
}

}  // namespace slotd::os
