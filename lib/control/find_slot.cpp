#include "control/find_slot.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/nearest.hpp"
#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::control {

namespace {

using coordinator::SlotStatus;

std::string lower(std::string_view text) {
    std::string low(text);
    std::ranges::transform(low, low.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return low;
}

/// An address as somebody typed it: whole, or without its domain.
class TypedAddress {
public:
    explicit TypedAddress(const std::string& name)
        : whole_(pci::Address::parse(lower(name))),
          short_(pci::Address::parse("0000:" + lower(name))) {}

    bool fits(const pci::Address& address) const {
        if (whole_) {
            return address == *whole_;
        }
        return short_ && std::tie(address.bus, address.device, address.function) ==
                             std::tie(short_->bus, short_->device, short_->function);
    }

private:
    std::optional<pci::Address> whole_;
    std::optional<pci::Address> short_;
};

std::vector<FoundSlot> by_port(const std::vector<SlotStatus>& slots, const TypedAddress& typed) {
    std::vector<FoundSlot> found;
    for (const SlotStatus& slot : slots) {
        if (typed.fits(slot.port)) {
            found.push_back({slot, std::nullopt});
        }
    }
    return found;
}

std::vector<FoundSlot> by_function(const std::vector<SlotStatus>& slots,
                                   const TypedAddress& typed) {
    std::vector<FoundSlot> found;
    for (const SlotStatus& slot : slots) {
        for (const pci::Function& function : slot.functions) {
            if (typed.fits(function.address)) {
                found.push_back({slot, function.address});
            }
        }
    }
    return found;
}

std::vector<FoundSlot> by_name(const std::vector<SlotStatus>& slots, std::string_view name) {
    std::vector<FoundSlot> found;
    for (const SlotStatus& slot : slots) {
        if (slot.slot == name) {
            found.push_back({slot, std::nullopt});
        }
    }
    return found;
}

/// A name of a slot and how far it is from what was typed.
struct Candidate {
    std::size_t distance = 0;
    std::string name;
};

/// Addresses are compared without the domain too, as they may be typed.
std::size_t distance_to_address(std::string_view typed, const pci::Address& address) {
    const std::string whole = address.to_string();
    const std::size_t colon = whole.find(':');
    return std::min(edit_distance(typed, whole),
                    edit_distance(typed, std::string_view(whole).substr(colon + 1)));
}

Candidate nearest_name(const std::vector<SlotStatus>& slots, const SlotStatus& slot,
                       std::string_view typed) {
    Candidate nearest{distance_to_address(typed, slot.port), slot.port.to_string()};
    for (const pci::Function& function : slot.functions) {
        const std::size_t distance = distance_to_address(typed, function.address);
        if (distance < nearest.distance) {
            nearest = {distance, function.address.to_string()};
        }
    }
    // A label is as good a candidate as an address, if it is the name of this slot alone.
    if (!slot.slot.empty() && by_name(slots, slot.slot).size() == 1) {
        const std::size_t distance = edit_distance(typed, slot.slot);
        if (distance <= nearest.distance) {
            nearest = {distance, slot.slot};
        }
    }
    return nearest;
}

NoSuchSlot no_such_slot(const std::vector<SlotStatus>& slots, const std::string& name) {
    std::vector<Candidate> candidates;
    for (const SlotStatus& slot : slots) {
        candidates.push_back(nearest_name(slots, slot, name));
    }
    std::ranges::stable_sort(candidates, {}, &Candidate::distance);
    NoSuchSlot fault{name, {}};
    for (Candidate& candidate : candidates) {
        if (fault.candidates.size() == kCandidatesMax) {
            break;
        }
        fault.candidates.push_back(std::move(candidate.name));
    }
    return fault;
}

AmbiguousSlot ambiguous_slot(const std::string& name, const std::vector<FoundSlot>& found) {
    AmbiguousSlot fault{name, {}};
    for (const FoundSlot& one : found) {
        if (fault.candidates.size() == kCandidatesMax) {
            break;
        }
        fault.candidates.push_back((one.function ? *one.function : one.slot.port).to_string());
    }
    return fault;
}

}  // namespace

std::expected<FoundSlot, Fault> find_slot(const std::vector<SlotStatus>& slots,
                                          const std::string& name) {
    const TypedAddress typed(name);
    // A nested port is a port first, although it is a function of the switch above it as well.
    for (auto& found : {by_port(slots, typed), by_function(slots, typed), by_name(slots, name)}) {
        if (found.size() == 1) {
            return found.front();
        }
        if (found.size() > 1) {
            return std::unexpected(ambiguous_slot(name, found));
        }
    }
    return std::unexpected(no_such_slot(slots, name));
}

}  // namespace slotd::control
