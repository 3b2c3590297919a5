#pragma once

#include <cstdint>

namespace slotd::pci {

/// Device/Port Type of the PCI Express Capabilities register, PCIe r6.0 7.5.3.2 table 7-19; those
/// that slotd tells apart.
enum class PortType : std::uint8_t {
    Endpoint = 0x0,
    LegacyEndpoint = 0x1,
    RootPort = 0x4,
    SwitchUpstreamPort = 0x5,
    SwitchDownstreamPort = 0x6,
    PciePciBridge = 0x7,
    PciPcieBridge = 0x8,
    RootComplexEndpoint = 0x9,
    RootComplexEventCollector = 0xa,
};

/// PCI Express Capabilities register. PCIe r6.0 7.5.3.2; bit names follow Linux PCI_EXP_FLAGS_*.
class PcieCapabilities {
public:
    static constexpr std::uint8_t kCapabilityId = 0x10;
    static constexpr std::uint16_t kOffset = 0x02;  // from the PCI Express capability

    constexpr explicit PcieCapabilities(std::uint16_t raw) : raw_(raw) {}

    constexpr PortType type() const { return static_cast<PortType>(raw_ >> 4 & 0xf); }

    /// Slot Implemented: the link goes to a slot, and the Slot registers mean something.
    constexpr bool slot_implemented() const { return (raw_ >> 8 & 1U) != 0; }

    /// A bridge with a link below it, slotd's "port".
    constexpr bool is_port() const {
        return type() == PortType::RootPort || type() == PortType::SwitchDownstreamPort;
    }

private:
    std::uint16_t raw_;
};

static_assert(PcieCapabilities{0x0142}.type() == PortType::RootPort);
static_assert(PcieCapabilities{0x0142}.slot_implemented());
static_assert(PcieCapabilities{0x0062}.is_port());
static_assert(!PcieCapabilities{0x0052}.is_port());

}  // namespace slotd::pci
