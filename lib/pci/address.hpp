#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slotd::pci {

/// Where a function sits in the PCI hierarchy: domain:bus:device.function. It names a place, not a
/// card: after a re-enumeration another card may answer at the same address.
struct Address {
    std::uint32_t domain = 0;  ///< 0..0xffffff; VMD domains start at 0x10000
    std::uint8_t bus = 0;
    std::uint8_t device = 0;    ///< 0..31
    std::uint8_t function = 0;  ///< 0..7

    auto operator<=>(const Address&) const = default;

    /// Accepts exactly the form sysfs uses ("0000:3b:00.0", "10000:e1:00.0"); else nullopt.
    static std::optional<Address> parse(std::string_view text);

    /// The form sysfs uses.
    std::string to_string() const;
};

}  // namespace slotd::pci
