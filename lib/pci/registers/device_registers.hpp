#pragma once

#include <cstdint>

namespace slotd::pci {

/// Device Control register. PCIe r6.0 7.5.3.4; bit names follow Linux PCI_EXP_DEVCTL_*.
class DeviceControl {
public:
    static constexpr std::uint16_t kOffset = 0x08;  // from the PCI Express capability
    /// Correctable, Non-Fatal, Fatal Error and Unsupported Request Reporting Enable.
    static constexpr std::uint16_t kErrorReporting = 0x000f;

    constexpr explicit DeviceControl(std::uint16_t raw) : raw_(raw) {}

    constexpr std::uint16_t raw() const { return raw_; }

    constexpr bool all_ones() const { return raw_ == 0xffff; }

    constexpr DeviceControl with_reporting_off() const {
        return DeviceControl(static_cast<std::uint16_t>(raw_ & ~kErrorReporting));
    }

    /// What reported errors in `original` does so again; everything else stays as it is.
    constexpr DeviceControl with_reporting_of(DeviceControl original) const {
        return DeviceControl(static_cast<std::uint16_t>(raw_ | (original.raw_ & kErrorReporting)));
    }

    bool operator==(const DeviceControl&) const = default;

private:
    std::uint16_t raw_;
};

static_assert(DeviceControl{0x283f}.with_reporting_off() == DeviceControl{0x2830});
static_assert(DeviceControl{0x5830}.with_reporting_of(DeviceControl{0x2837}) ==
              DeviceControl{0x5837});

/// Device Status register. PCIe r6.0 7.5.3.5; bit names follow Linux PCI_EXP_DEVSTA_*.
class DeviceStatus {
public:
    static constexpr std::uint16_t kOffset = 0x0a;  // from the PCI Express capability
    /// Correctable, Non-Fatal, Fatal Error and Unsupported Request Detected: RW1C.
    static constexpr std::uint16_t kErrorsDetected = 0x000f;

    constexpr explicit DeviceStatus(std::uint16_t raw) : raw_(raw) {}

    constexpr bool all_ones() const { return raw_ == 0xffff; }

    /// Written back, clears what is latched now and nothing that comes after the read.
    constexpr std::uint16_t latched() const { return raw_ & kErrorsDetected; }

private:
    std::uint16_t raw_;
};

static_assert(DeviceStatus{0x0035}.latched() == 0x0005);

}  // namespace slotd::pci
