#pragma once

#include <cstdint>

namespace slotd::pci {

/// Advanced Error Reporting extended capability. PCIe r6.0 7.8.4; offsets from the capability,
/// names as Linux PCI_ERR_*. The status registers are RW1C and sticky over a hot reset.
struct Aer {
    static constexpr std::uint16_t kCapabilityId = 0x0001;
    static constexpr std::uint16_t kUncorrectableStatusOffset = 0x04;
    static constexpr std::uint16_t kUncorrectableMaskOffset = 0x08;
    static constexpr std::uint16_t kCorrectableStatusOffset = 0x10;
    static constexpr std::uint16_t kRootErrorStatusOffset = 0x30;  // Root Ports and RCECs only
};

/// Uncorrectable Error Status (7.8.4.2) and Mask (7.8.4.3): one bit for one error in both.
class UncorrectableErrors {
public:
    constexpr explicit UncorrectableErrors(std::uint32_t raw) : raw_(raw) {}

    constexpr std::uint32_t raw() const { return raw_; }

    constexpr bool all_ones() const { return raw_ == 0xffffffff; }

    constexpr bool surprise_down() const { return (raw_ >> 5 & 1U) != 0; }

    constexpr bool completion_timeout() const { return (raw_ >> 14 & 1U) != 0; }

private:
    std::uint32_t raw_;
};

static_assert(UncorrectableErrors{0x00004000}.completion_timeout());
static_assert(UncorrectableErrors{0x00000020}.surprise_down());

/// Correctable Error Status, 7.8.4.5.
class CorrectableErrors {
public:
    constexpr explicit CorrectableErrors(std::uint32_t raw) : raw_(raw) {}

    constexpr std::uint32_t raw() const { return raw_; }

    constexpr bool all_ones() const { return raw_ == 0xffffffff; }

    constexpr bool replay_timer_timeout() const { return (raw_ >> 12 & 1U) != 0; }

private:
    std::uint32_t raw_;
};

static_assert(CorrectableErrors{0x00001000}.replay_timer_timeout());

/// Root Error Status, 7.8.4.10. Read only here: clearing it takes errors of other slots of the same
/// Root Port from the kernel.
class RootErrorStatus {
public:
    constexpr explicit RootErrorStatus(std::uint32_t raw) : raw_(raw) {}

    constexpr bool all_ones() const { return raw_ == 0xffffffff; }

    constexpr bool correctable_received() const { return (raw_ & 1U) != 0; }

    constexpr bool uncorrectable_received() const { return (raw_ >> 2 & 1U) != 0; }

    constexpr bool fatal_received() const { return (raw_ >> 6 & 1U) != 0; }

private:
    std::uint32_t raw_;
};

static_assert(RootErrorStatus{0x00000044}.fatal_received());
static_assert(RootErrorStatus{0x00000044}.uncorrectable_received());
static_assert(!RootErrorStatus{0x00000044}.correctable_received());

}  // namespace slotd::pci
