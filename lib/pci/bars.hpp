#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "pci/registers/bar_registers.hpp"

namespace slotd::pci {

/// What the kernel gave one BAR, as a line of sysfs `resource` says it: where it begins, and
/// IORESOURCE_* flags. All zero where there is no such BAR.
struct BarResource {
    std::uint64_t start = 0;
    std::uint64_t flags = 0;
    bool operator==(const BarResource&) const = default;
};

using BarResources = std::array<BarResource, kBarsOfTypeZero>;

/// The first six lines of sysfs `resource` (pci-sysfs.c resource_show). A line that is not as the
/// kernel writes it is a BAR without an address.
BarResources parse_resource(std::string_view text);

/// True where the kernel put an address into this BAR's register: memory or I/O, assigned, enabled,
/// and neither fixed by the hardware nor described elsewhere (Enhanced Allocation).
bool is_assigned(const BarResource& resource);

/// Whether each assigned BAR still holds what the kernel wrote into it. `registers` are the raw
/// BARs from offset 0x10, as many as the header has. A memory BAR must hold exactly the address. An
/// I/O BAR must not be empty: outside x86 the numbers that the kernel shows are not those on the
/// bus. All ones, and a 64-bit BAR without its upper half, are not intact.
///
/// Where a host bridge translates memory addresses they never are the same, with nothing wrong:
/// false means something only for a card that was intact before.
bool bars_intact(std::span<const std::uint32_t> registers, const BarResources& resources);

}  // namespace slotd::pci
