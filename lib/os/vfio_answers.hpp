#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.hpp"

namespace slotd::os {

/// The steps of a hot reset through VFIO, each of which the kernel can refuse in its own ways.
enum class VfioStep : std::uint8_t {
    OpenContainer,
    OpenGroup,
    JoinContainer,
    SetIommu,
    OpenDevice,
    AskResetInfo,
    HotReset,
};

/// "open the VFIO group"; reads on after "failed to".
std::string_view to_text(VfioStep step);

/// What an errno means at one step, and what to do about it.
struct VfioAnswer {
    VfioStep step;
    int os_errno;
    ErrorKind
        kind;  ///< Busy: asking again may help; Unsupported: it will not until something is done
    std::string_view says;
};

/// Every errno that the kernel is known to give (KERNEL 4); docs/vfio.md has the same table.
std::span<const VfioAnswer> vfio_answers();

/// For a known errno its sentence, for any other one that says so.
Error vfio_error(VfioStep step, int os_errno);

}  // namespace slotd::os
