#include "tests/proof/truth.hpp"

#include <algorithm>
#include <optional>

#include "pci/address.hpp"

namespace slotd::proof {

namespace {

bool is_above(const Truth& truth, const pci::Address& upper, const pci::Address& lower) {
    const PortTruth* at = truth.find(lower);
    while (at != nullptr && at->parent) {
        if (*at->parent == upper) {
            return true;
        }
        at = truth.find(*at->parent);
    }
    return false;
}

}  // namespace

const PortTruth* Truth::find(const pci::Address& port) const {
    const auto at = std::ranges::find(ports, port, &PortTruth::port);
    return at == ports.end() ? nullptr : &*at;
}

bool Truth::overlap(const pci::Address& one, const pci::Address& other) const {
    return one == other || is_above(*this, one, other) || is_above(*this, other, one);
}

}  // namespace slotd::proof
