#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "event/observation.hpp"
#include "pci/topology.hpp"

namespace slotd::coordinator {

/// The card that a slot is known to hold: what an episode is compared with when it is over.
struct Card {
    bool looked = false;  ///< false: nobody has looked yet, and nothing else means anything
    bool occupied = false;
    /// As they last verified. Empty in an occupied slot: the kernel has not enumerated the card,
    /// and that is how slotd found it or left it.
    std::vector<event::FunctionSeen> functions;
    std::uint8_t link_width = 0;
    std::uint8_t link_speed = 0;

    bool operator==(const Card&) const = default;

    static Card from(const event::Observation& seen);
    /// The card that the kernel has enumerated: where another answers in its place, the identity is
    /// the enumerated one's, so that the next look finds the other to be another.
    static Card enumerated(std::span<const pci::Function> functions,
                           const event::Observation& seen);
};

enum class CardChange : std::uint8_t {
    Same,         ///< the same card answers, or the slot is as empty as it was
    Gone,         ///< there was one, or functions of one are still enumerated; there is none
    Came,         ///< there was none, or it was enumerated; there is one that is not
    Swapped,      ///< another card answers in the place of the old one
    PutAnew,      ///< the same card, but it was out, or without power: its BARs are wiped
    Unreachable,  ///< a card is there, but the link is down or it answers all ones: look again
};

const char* to_text(CardChange change);

/// Compares identities, not drivers: function by function where both sides know it; and whether the
/// kernel has enumerated what is there. Both sides are reads of config space, so a serial number
/// that only one of them has makes them two cards.
CardChange compare(const Card& known, const event::Observation& seen);

/// The slot looks exactly as it did then: as occupied, the same functions with the same answers.
bool looks_as(const Card& then, const event::Observation& seen);

/// Another card by its serial number alone, which the kernel does not keep.
bool another_serial(const Card& known, const event::Observation& seen);

/// compare() for a slot where pciehp is held back: what it does not hear of shows in the registers
/// alone. Only BARs count: COMMAND is its driver's, or a guest's, to change.
CardChange compare_unheard(const Card& known, const event::Observation& seen);

/// Something of the card decoded its memory and does not any more: a card that has come does so
/// only once it has been enumerated.
bool not_set_up(const Card& known, const event::Observation& seen);

/// What is enumerated is what is there: a hot-plug that the kernel has played already.
bool enumeration_fits(std::span<const pci::Function> enumerated, const event::Observation& seen);

/// "the link is 2.5 GT/s x1 and was 16.0 GT/s x4"; empty where it is not slower or narrower than it
/// was, or one of the two is not known.
std::string why_degraded(const Card& known, const event::Observation& seen);

/// Uncorrectable errors that the kernel has counted since `before`; empty for none. Correctable
/// ones are what a link is allowed to have.
std::string new_errors(const std::vector<event::FunctionSeen>& before,
                       const event::Observation& seen);

/// Empty when the card is back as it was: the same, every function answers and decodes, the drivers
/// are bound as before. Otherwise the first thing that is not, as a sentence.
std::string why_not_verified(const Card& known, const event::Observation& seen);

}  // namespace slotd::coordinator
