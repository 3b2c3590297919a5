#pragma once

#include <cstddef>
#include <cstdint>

#include "pci/address.hpp"

namespace slotd::event {

/// The registers of a port and of the functions directly below in which a change shows that nobody
/// announces, as one number. It says nothing but whether they are as they were when another sample
/// gave the same number. 0 is never a digest: nobody has read them yet.
struct PortSample {
    pci::Address port;
    std::uint64_t digest = 0;
    bool operator==(const PortSample&) const = default;
};

/// Ports of one request and of one answer.
inline constexpr std::size_t kSamplesMax = 256;

}  // namespace slotd::event
