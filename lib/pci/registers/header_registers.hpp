#pragma once

#include <cstdint>

namespace slotd::pci {

/// Offsets of the configuration header. PCIe r6.0 7.5.1.1 (common), 7.5.1.2 (type 0), 7.5.1.3 (type
/// 1).
inline constexpr std::uint16_t kVendorIdOffset = 0x00;
inline constexpr std::uint16_t kRevisionIdOffset =
    0x08;  // with the class code in one 32-bit register
inline constexpr std::uint16_t kHeaderTypeOffset = 0x0e;
inline constexpr std::uint16_t kSubsystemVendorIdOffset = 0x2c;  // type 0 only

/// Command register. PCIe r6.0 7.5.1.1.3; bit names follow Linux PCI_COMMAND_*.
class Command {
public:
    static constexpr std::uint16_t kOffset = 0x04;
    static constexpr std::uint16_t kSerrEnable = 1U << 8;

    constexpr explicit Command(std::uint16_t raw) : raw_(raw) {}

    constexpr std::uint16_t raw() const { return raw_; }

    constexpr bool all_ones() const { return raw_ == 0xffff; }

    /// I/O Space Enable or Memory Space Enable. A function whose config space was wiped has
    /// neither.
    constexpr bool decodes() const { return (raw_ & 0x3U) != 0; }

    constexpr Command with_serr_off() const {
        return Command(static_cast<std::uint16_t>(raw_ & ~kSerrEnable));
    }

    constexpr Command with_serr_of(Command original) const {
        return Command(static_cast<std::uint16_t>(raw_ | (original.raw_ & kSerrEnable)));
    }

    bool operator==(const Command&) const = default;

private:
    std::uint16_t raw_;
};

static_assert(Command{0x0506}.decodes());
static_assert(Command{0x0506}.with_serr_off() == Command{0x0406});
static_assert(Command{0x0407}.with_serr_of(Command{0x0106}) == Command{0x0507});

/// Bridge Control register of a type 1 header. PCIe r6.0 7.5.1.3.13; names as Linux
/// PCI_BRIDGE_CTL_*.
class BridgeControl {
public:
    static constexpr std::uint16_t kOffset = 0x3e;
    /// Forwards ERR_COR, ERR_NONFATAL and ERR_FATAL from the secondary side.
    static constexpr std::uint16_t kSerrEnable = 1U << 1;

    constexpr explicit BridgeControl(std::uint16_t raw) : raw_(raw) {}

    constexpr std::uint16_t raw() const { return raw_; }

    constexpr bool all_ones() const { return raw_ == 0xffff; }

    constexpr bool forwards_errors() const { return (raw_ & kSerrEnable) != 0; }

    constexpr BridgeControl with_serr_off() const {
        return BridgeControl(static_cast<std::uint16_t>(raw_ & ~kSerrEnable));
    }

    constexpr BridgeControl with_serr_of(BridgeControl original) const {
        return BridgeControl(static_cast<std::uint16_t>(raw_ | (original.raw_ & kSerrEnable)));
    }

    bool operator==(const BridgeControl&) const = default;

private:
    std::uint16_t raw_;
};

static_assert(BridgeControl{0x0003}.forwards_errors());
static_assert(BridgeControl{0x0003}.with_serr_off() == BridgeControl{0x0001});
static_assert(BridgeControl{0x0011}.with_serr_of(BridgeControl{0x0002}) == BridgeControl{0x0013});

}  // namespace slotd::pci
