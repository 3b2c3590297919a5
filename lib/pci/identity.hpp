#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace slotd::pci {

/// Which card a function belongs to, as far as configuration space tells: two reads with the same
/// Identity are taken for the same card (PCIe r6.0 7.5.1.1, 7.9.3). Cards of one model without a
/// Device Serial Number cannot be told apart; `serial` is then nullopt and says so.
struct Identity {
    std::uint16_t vendor = 0xffff;
    std::uint16_t device = 0xffff;
    std::uint16_t subsystem_vendor = 0;
    std::uint16_t subsystem_device = 0;
    std::uint32_t class_code = 0;  ///< 24 bits: base class, sub-class, programming interface
    std::uint8_t revision = 0;
    std::optional<std::uint64_t> serial;  ///< Device Serial Number capability

    bool operator==(const Identity&) const = default;

    /// A read that no function answered completes with all ones.
    bool answers() const { return vendor != 0xffff; }

    /// Every field but the serial number is the same.
    bool same_model(const Identity& other) const;

    /// True where every field that both sides know is the same. A reader without the privilege for
    /// extended config space does not know the serial number.
    bool same_card(const Identity& other) const;

    /// "8086:10d3 (8086:0000) class 020000 rev 00 serial 52-54-00-..."; without serial where
    /// unknown.
    std::string to_string() const;
};

}  // namespace slotd::pci
