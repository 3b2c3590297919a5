#include "pci/registers/capability_walk.hpp"

#include <bitset>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>

#include "base/result.hpp"

namespace slotd::pci {

namespace {

constexpr std::uint32_t kAllOnes = 0xffffffff;
constexpr std::uint16_t kStatusOffset = 0x04;  // Status is the upper half of this register
constexpr std::uint32_t kCapabilitiesListBit = 1U << 20;
constexpr std::uint16_t kCapabilitiesPointerOffset = 0x34;
constexpr std::uint16_t kStandardFirst = 0x40;
constexpr std::uint16_t kExtendedFirst = 0x100;
constexpr std::uint16_t kExtendedLast = 0xffc;

/// Where a walk has been, by 32-bit register. A list that leads back is damaged, and each look at a
/// card that hardly answers may take as long as a completion may: none is done twice.
class Visited {
public:
    /// False where the walk has been there before.
    bool insert(std::uint16_t offset) {
        const bool before = registers_[offset / 4U];
        registers_.set(offset / 4U);
        return !before;
    }

private:
    std::bitset<0x1000 / 4> registers_;
};

}  // namespace

Result<std::optional<std::uint16_t>> find_capability(const ReadConfig& read, std::uint8_t id) {
    const auto status = read(kStatusOffset);
    if (!status) {
        return std::unexpected(status.error());
    }
    if (*status == kAllOnes || (*status & kCapabilitiesListBit) == 0) {
        return std::nullopt;
    }
    const auto pointer = read(kCapabilitiesPointerOffset);
    if (!pointer) {
        return std::unexpected(pointer.error());
    }
    // The two lowest bits are reserved and to be masked (7.5.1.1.11).
    auto at = static_cast<std::uint16_t>(*pointer & 0xfc);
    Visited visited;
    while (at >= kStandardFirst && visited.insert(at)) {
        const auto header = read(at);
        if (!header) {
            return std::unexpected(header.error());
        }
        if (*header == kAllOnes) {
            return std::nullopt;
        }
        if ((*header & 0xff) == id) {
            return std::optional(at);
        }
        at = static_cast<std::uint16_t>(*header >> 8 & 0xfc);
    }
    return std::nullopt;
}

Result<std::optional<std::uint16_t>> find_extended_capability(const ReadConfig& read,
                                                              std::uint16_t id) {
    std::uint16_t at = kExtendedFirst;
    Visited visited;
    while (at >= kExtendedFirst && at <= kExtendedLast && visited.insert(at)) {
        const auto header = read(at);
        if (!header) {
            return std::unexpected(header.error());
        }
        // All zeroes: no extended capability at all (7.6.3). All ones: nobody answers.
        if (*header == kAllOnes || *header == 0) {
            return std::nullopt;
        }
        if ((*header & 0xffff) == id) {
            return std::optional(at);
        }
        at = static_cast<std::uint16_t>(*header >> 20 & 0xffc);
    }
    return std::nullopt;
}

Result<std::optional<std::uint64_t>> read_serial_number(const ReadConfig& read) {
    const auto at = find_extended_capability(read, kSerialNumberCapabilityId);
    if (!at) {
        return std::unexpected(at.error());
    }
    const std::optional<std::uint16_t> capability = *at;
    if (!capability || *capability + 8 > kExtendedLast) {
        return std::nullopt;
    }
    const auto low = read(static_cast<std::uint16_t>(*capability + 4));
    if (!low) {
        return std::unexpected(low.error());
    }
    const auto high = read(static_cast<std::uint16_t>(*capability + 8));
    if (!high) {
        return std::unexpected(high.error());
    }
    const std::uint64_t serial = std::uint64_t{*high} << 32 | *low;
    if (serial == std::numeric_limits<std::uint64_t>::max()) {
        return std::nullopt;
    }
    return std::optional(serial);
}

}  // namespace slotd::pci
