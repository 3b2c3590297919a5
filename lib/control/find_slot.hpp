#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"

namespace slotd::control {

inline constexpr std::size_t kCandidatesMax = 8;

/// What a name means: a slot, or one function in it.
struct FoundSlot {
    coordinator::SlotStatus slot;
    std::optional<pci::Address> function;
    bool operator==(const FoundSlot&) const = default;
};

/// Finds the slot that `name` means, in this order: a port's address, the address of a function in
/// a slot, a slot name. Addresses may be in either case and without domain ("3b:00.0"); whatever
/// fits several slots is ambiguous, never guessed. Otherwise NoSuchSlot or AmbiguousSlot with
/// candidates that would each have been unambiguous.
std::expected<FoundSlot, Fault> find_slot(const std::vector<coordinator::SlotStatus>& slots,
                                          const std::string& name);

}  // namespace slotd::control
