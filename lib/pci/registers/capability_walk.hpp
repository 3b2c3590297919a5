#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/result.hpp"

namespace slotd::pci {

/// Reads 32 bits of one function's configuration space at a multiple of 4.
using ReadConfig = std::function<Result<std::uint32_t>(std::uint16_t offset)>;

/// Offset of the capability `id` in the standard list (PCIe r6.0 7.5.1.1.11, 7.9); nullopt where
/// the function has none, the list is damaged before it (a cycle, an offset outside 0x40..0xfc), or
/// every read is all ones. An Error only where a read itself fails.
Result<std::optional<std::uint16_t>> find_capability(const ReadConfig& read, std::uint8_t id);

/// The same in the extended list from 0x100 (PCIe r6.0 7.6.3). A reader without the privilege for
/// it gets the Error of its read.
Result<std::optional<std::uint16_t>> find_extended_capability(const ReadConfig& read,
                                                              std::uint16_t id);

/// Device Serial Number; its lower half is 4 bytes into the capability, its upper half 8.
inline constexpr std::uint16_t kSerialNumberCapabilityId = 0x0003;

/// Device Serial Number, PCIe r6.0 7.9.3; nullopt where there is none or it reads as all ones.
Result<std::optional<std::uint64_t>> read_serial_number(const ReadConfig& read);

}  // namespace slotd::pci
