#include "tests/model/visited.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "tests/model/fingerprint.hpp"

namespace slotd::model {

std::size_t Visited::slot_of(const Fingerprint& fingerprint) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = fingerprint.low & mask;
    while (slots_[slot] != kFree && fingerprints_[slots_[slot]] != fingerprint) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

Visited::Place Visited::insert(const Fingerprint& fingerprint) {
    const std::size_t slot = slot_of(fingerprint);
    if (slots_[slot] != kFree) {
        return {slots_[slot], false};
    }
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    slots_[slot] = index;
    fingerprints_.push_back(fingerprint);
    nodes_.push_back({});
    if (2 * nodes_.size() > slots_.size()) {
        grow();
    }
    return {index, true};
}

void Visited::grow() {
    slots_.assign(2 * slots_.size(), kFree);
    for (std::uint32_t index = 0; index < fingerprints_.size(); ++index) {
        slots_[slot_of(fingerprints_[index])] = index;
    }
}

}  // namespace slotd::model
