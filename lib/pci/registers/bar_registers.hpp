#pragma once

#include <cstddef>
#include <cstdint>

namespace slotd::pci {

/// Base Address Registers of the header: six of type 0, two of type 1. PCIe r6.0 7.5.1.2.1.
inline constexpr std::uint16_t kBarsOffset = 0x10;
inline constexpr std::size_t kBarsOfTypeZero = 6;
inline constexpr std::size_t kBarsOfTypeOne = 2;

/// Header Type, 7.5.1.1.9.
class HeaderType {
public:
    constexpr explicit HeaderType(std::uint8_t raw) : raw_(raw) {}

    /// Layout of the rest of the header; bit 7 says that the device has several functions.
    constexpr std::uint8_t layout() const { return raw_ & 0x7fU; }

    constexpr std::size_t bars() const {
        return layout() == 0 ? kBarsOfTypeZero : layout() == 1 ? kBarsOfTypeOne : 0;
    }

private:
    std::uint8_t raw_;
};

static_assert(HeaderType{0x80}.bars() == 6);
static_assert(HeaderType{0x81}.bars() == 2);
static_assert(HeaderType{0x7f}.bars() == 0);

/// One Base Address Register. Bit names follow Linux PCI_BASE_ADDRESS_*.
class BaseAddress {
public:
    constexpr explicit BaseAddress(std::uint32_t raw) : raw_(raw) {}

    constexpr bool is_io() const { return (raw_ & 1U) != 0; }

    /// Without the bits that say what kind of BAR it is; the lower half of a 64-bit one.
    constexpr std::uint32_t address() const { return raw_ & (is_io() ? ~0x3U : ~0xfU); }

private:
    std::uint32_t raw_;
};

static_assert(BaseAddress{0xfe80000c}.address() == 0xfe800000);
static_assert(BaseAddress{0x0000c041}.is_io());
static_assert(BaseAddress{0x0000c041}.address() == 0xc040);

}  // namespace slotd::pci
