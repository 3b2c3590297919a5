#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/link.hpp"
#include "pci/service.hpp"

namespace slotd::event {

/// TOTAL_ERR_* of sysfs aer_dev_correctable, aer_dev_nonfatal, aer_dev_fatal; 0 where there are
/// none. They begin at 0 when a function is enumerated.
struct ErrorCounts {
    std::uint64_t correctable = 0;
    std::uint64_t nonfatal = 0;
    std::uint64_t fatal = 0;
    bool operator==(const ErrorCounts&) const = default;
};

/// One function below the link, as its own configuration space answers now.
struct FunctionSeen {
    pci::Address address;
    pci::Identity identity;  ///< fresh; !answers() when every read gave all ones
    std::string driver;      ///< bound driver's name, at most 63 characters; empty when none
    /// COMMAND memory or I/O enable is set (a wiped card has neither). A VF has no such bits of its
    /// own (PCIe r6.0 9.3.4.1.3): true where it answers.
    bool memory_decodes = false;
    std::uint16_t command = 0;  ///< COMMAND as read; 0 where it does not answer
    /// pci::bars_intact() of its BARs; true where the kernel assigned none, and of a VF, which has
    /// none. A bare reset after a failed recovery leaves them wiped.
    bool bars_intact = true;
    bool is_virtual = false;  ///< a VF: goes with its PF and is brought back with it
    std::uint16_t vfs = 0;    ///< VFs that a PF has enabled
    ErrorCounts errors = {};  ///< since enumeration

    bool operator==(const FunctionSeen&) const = default;
};

/// What a slot can do: Slot Capabilities (PCIe r6.0 7.5.3.9). It never changes, no decision needs
/// it, and nobody without privileges can read it.
struct SlotTraits {
    bool hotplug = false;           ///< Hot-Plug Capable
    bool surprise = false;          ///< Hot-Plug Surprise: the card may go without a word before
    bool power_controller = false;  ///< slot power off takes the card's power away
    bool operator==(const SlotTraits&) const = default;
};

/// What the registers of a port and of the functions below say, read afresh by slotd-exec in one
/// go. Events say where to look; this says what is.
struct Observation {
    pci::Address port;
    bool port_answers =
        false;  ///< the port's own config space; nothing below means anything if not
    /// Slot Status Presence Detect State (PCIe r6.0 7.5.3.11); nullopt on a port without a slot.
    std::optional<bool> card_present;
    /// Link Status Data Link Layer Link Active (7.5.3.8); nullopt where the port cannot report it.
    std::optional<bool> link_active;
    std::optional<std::uint16_t>
        slot_number;                      ///< Physical Slot Number, 13 bits; nullopt without slot
    std::uint8_t link_width = 0;          ///< negotiated lanes; 0 unknown
    std::uint8_t link_speed = 0;          ///< Current Link Speed encoding, 1 = 2.5 GT/s; 0 unknown
    std::uint8_t link_width_max = 0;      ///< what port and card can do together; 0 unknown
    std::uint8_t link_speed_max = 0;      ///< likewise
    bool presence_latched = false;        ///< Presence Detect Changed is waiting in Slot Status
    bool link_change_latched = false;     ///< Data Link Layer State Changed is waiting
    bool fenced = false;                  ///< SERR# forwarding of Bridge Control is off
    bool hotplug_masked = false;          ///< presence and link notification are both off
    pci::ServiceSet bound;                ///< this port's services with their driver bound
    std::vector<FunctionSeen> functions;  ///< enumerated directly below the link, by address
    SlotTraits traits = {};               ///< all false where there is no slot_number

    bool operator==(const Observation&) const = default;

    /// A card is there: by the slot's presence bit, else by the link, else by a function's answer.
    bool occupied() const;
    /// A card is there and its link is up, as far as this port can tell.
    bool reachable() const;

    pci::Link link() const {
        return {link_active, link_speed, link_width, link_speed_max, link_width_max};
    }
};

}  // namespace slotd::event
