#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slotd::os {

/// Whose a function is: as it was found.
struct DriverNote {
    std::string driver;           ///< empty: none
    std::string driver_override;  ///< empty: none
    bool operator==(const DriverNote&) const = default;
};

/// More VFs of one physical function are not noted; the biggest known card has 254.
inline constexpr std::size_t kVfsMax = 256;
/// A longer name of a driver is not noted.
inline constexpr std::size_t kDriverNameBytesMax = 63;

/// A driver's name, or nothing, as the gate record can hold it: printable, none of "|:;".
bool is_driver_note(std::string_view name);

/// "e1000e|", from driver and override.
std::string to_text(const DriverNote& note);
/// nullopt for what to_text() would not have written.
std::optional<DriverNote> parse_driver_note(std::string_view text);

/// All VFs of one function by index, in one short line, those alike together:
/// "nvme|:0-2,5;vfio-pci|vfio-pci:3-4".
std::string to_text(const std::vector<DriverNote>& notes);

/// nullopt where an index is missing, is there twice, or is kVfsMax or more; and for no notes at
/// all.
std::optional<std::vector<DriverNote>> parse_driver_notes(std::string_view text);

}  // namespace slotd::os
