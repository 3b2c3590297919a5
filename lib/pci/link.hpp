#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace slotd::pci {

/// A port's link as its registers said at one moment. Speeds are the encoding of Link Status (PCIe
/// r6.0 7.5.3.8): 1 = 2.5 GT/s; 0 of any number: unknown, as while the link is down.
struct Link {
    std::optional<bool> up;  ///< nullopt where the port cannot tell
    std::uint8_t speed = 0;
    std::uint8_t width = 0;      ///< lanes
    std::uint8_t speed_max = 0;  ///< what port and card can do together
    std::uint8_t width_max = 0;

    bool operator==(const Link&) const = default;

    bool known() const { return speed != 0 && width != 0; }

    bool slower() const { return speed != 0 && speed < speed_max; }

    bool narrower() const { return width != 0 && width < width_max; }
};

/// "8.0 GT/s", "2.5 GT/s"; "?" for an encoding that PCIe r6.0 does not have.
const char* speed_text(std::uint8_t speed);
/// In MT/s: 8000 for 8.0 GT/s; 0 for an encoding that PCIe r6.0 does not have.
std::uint32_t speed_in_mts(std::uint8_t speed);
/// The inverse; 0 for a number that is no speed of a link.
std::uint8_t speed_from_mts(std::uint64_t mts);

}  // namespace slotd::pci
