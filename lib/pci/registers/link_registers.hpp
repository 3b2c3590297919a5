#pragma once

#include <cstdint>

namespace slotd::pci {

/// Link Capabilities register. PCIe r6.0 7.5.3.6; bit names follow Linux PCI_EXP_LNKCAP_*.
class LinkCapabilities {
public:
    static constexpr std::uint16_t kOffset = 0x0c;  // from the PCI Express capability

    constexpr explicit LinkCapabilities(std::uint32_t raw) : raw_(raw) {}

    constexpr std::uint8_t speed_max() const { return static_cast<std::uint8_t>(raw_ & 0xf); }

    constexpr std::uint8_t width_max() const { return static_cast<std::uint8_t>(raw_ >> 4 & 0x3f); }

    /// Without it Link Status says nothing about whether the link is active.
    constexpr bool reports_link_active() const { return (raw_ >> 20 & 1U) != 0; }

private:
    std::uint32_t raw_;
};

static_assert(LinkCapabilities{0x00100041}.reports_link_active());
static_assert(LinkCapabilities{0x00100041}.width_max() == 4);
static_assert(LinkCapabilities{0x00100041}.speed_max() == 1);

/// Link Control register. PCIe r6.0 7.5.3.7; bit names follow Linux PCI_EXP_LNKCTL_*.
class LinkControl {
public:
    static constexpr std::uint16_t kOffset = 0x10;  // from the PCI Express capability

    constexpr explicit LinkControl(std::uint16_t raw) : raw_(raw) {}

    constexpr bool link_disabled() const { return (raw_ >> 4 & 1U) != 0; }

private:
    std::uint16_t raw_;
};

static_assert(LinkControl{0x0010}.link_disabled());

/// Link Status register. PCIe r6.0 7.5.3.8; bit names follow Linux PCI_EXP_LNKSTA_*.
class LinkStatus {
public:
    static constexpr std::uint16_t kOffset = 0x12;  // from the PCI Express capability

    constexpr explicit LinkStatus(std::uint16_t raw) : raw_(raw) {}

    constexpr bool all_ones() const { return raw_ == 0xffff; }

    /// Encoding of the Link Capabilities 2 vector: 1 = 2.5 GT/s, 2 = 5 GT/s, ... Undefined without
    /// link.
    constexpr std::uint8_t speed() const { return static_cast<std::uint8_t>(raw_ & 0xf); }

    constexpr std::uint8_t width() const { return static_cast<std::uint8_t>(raw_ >> 4 & 0x3f); }

    /// Data Link Layer Link Active; means something where LinkCapabilities::reports_link_active().
    constexpr bool active() const { return (raw_ >> 13 & 1U) != 0; }

private:
    std::uint16_t raw_;
};

static_assert(LinkStatus{0x2043}.active());
static_assert(LinkStatus{0x2043}.width() == 4);
static_assert(LinkStatus{0x2043}.speed() == 3);

}  // namespace slotd::pci
