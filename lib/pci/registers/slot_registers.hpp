#pragma once

#include <cstdint>

namespace slotd::pci {

/// Slot Capabilities register. PCIe r6.0 7.5.3.9; bit names follow Linux PCI_EXP_SLTCAP_*.
class SlotCapabilities {
public:
    static constexpr std::uint16_t kOffset = 0x14;  // from the PCI Express capability

    constexpr explicit SlotCapabilities(std::uint32_t raw) : raw_(raw) {}

    constexpr bool attention_button() const { return (raw_ & 1U) != 0; }

    constexpr bool power_controller() const { return (raw_ >> 1 & 1U) != 0; }

    /// Hot-Plug Surprise: the card may go without a word before.
    constexpr bool surprise_capable() const { return (raw_ >> 5 & 1U) != 0; }

    constexpr bool hotplug_capable() const { return (raw_ >> 6 & 1U) != 0; }

    /// 13 bits; 0 is a slot that the platform did not number.
    constexpr std::uint16_t physical_slot_number() const {
        return static_cast<std::uint16_t>(raw_ >> 19);
    }

private:
    std::uint32_t raw_;
};

static_assert(SlotCapabilities{0x00280040}.physical_slot_number() == 5);
static_assert(SlotCapabilities{0x00280040}.hotplug_capable());
static_assert(!SlotCapabilities{0x00280040}.power_controller());
static_assert(!SlotCapabilities{0x00280040}.surprise_capable());
static_assert(SlotCapabilities{0x00280020}.surprise_capable());

/// Slot Control register. PCIe r6.0 7.5.3.10; bit names follow Linux PCI_EXP_SLTCTL_*.
class SlotControl {
public:
    static constexpr std::uint16_t kOffset = 0x18;  // from the PCI Express capability
    /// Presence Detect Changed Enable and Data Link Layer State Changed Enable. Hot-Plug Interrupt
    /// Enable is not among them: pciehp keeps a copy of it and stays deaf once a command has seen
    /// it off (KERNEL 2.4, 6).
    static constexpr std::uint16_t kChangeNotification = 1U << 3 | 1U << 12;

    constexpr explicit SlotControl(std::uint16_t raw) : raw_(raw) {}

    constexpr std::uint16_t raw() const { return raw_; }

    constexpr bool all_ones() const { return raw_ == 0xffff; }

    constexpr bool masked() const { return (raw_ & kChangeNotification) == 0; }

    constexpr SlotControl with_changes_masked() const {
        return SlotControl(static_cast<std::uint16_t>(raw_ & ~kChangeNotification));
    }

    /// This register with the notification that was on in `original` on again, everything else as
    /// it is.
    constexpr SlotControl with_changes_of(SlotControl original) const {
        return SlotControl(
            static_cast<std::uint16_t>(raw_ | (original.raw_ & kChangeNotification)));
    }

    bool operator==(const SlotControl&) const = default;

private:
    std::uint16_t raw_;
};

static_assert(SlotControl{0x1028}.with_changes_masked() == SlotControl{0x0020});
static_assert(SlotControl{0x0020}.masked());
static_assert(!SlotControl{0x1020}.masked());
static_assert(SlotControl{0x0421}.with_changes_of(SlotControl{0x1028}) == SlotControl{0x1429});

/// Slot Status register. PCIe r6.0 7.5.3.11; bit names follow Linux PCI_EXP_SLTSTA_*.
class SlotStatus {
public:
    static constexpr std::uint16_t kOffset = 0x1a;  // from the PCI Express capability
    /// Written to the register, forgets latched presence and link changes and nothing else (RW1C).
    static constexpr std::uint16_t kClearChanges = 1U << 3 | 1U << 8;

    constexpr explicit SlotStatus(std::uint16_t raw) : raw_(raw) {}

    /// A read that no function answered completes with all ones; nothing else means anything then.
    constexpr bool all_ones() const { return raw_ == 0xffff; }

    constexpr bool power_fault_detected() const { return bit(1); }

    constexpr bool presence_detect_changed() const { return bit(3); }

    constexpr bool card_present() const { return bit(6); }

    constexpr bool link_state_changed() const { return bit(8); }

private:
    constexpr bool bit(unsigned index) const { return (raw_ >> index & 1U) != 0; }

    std::uint16_t raw_;
};

static_assert(SlotStatus{0x0048}.card_present());
static_assert(SlotStatus{0x0048}.presence_detect_changed());
static_assert(!SlotStatus{0x0048}.link_state_changed());
static_assert(SlotStatus{0x0102}.power_fault_detected());

}  // namespace slotd::pci
