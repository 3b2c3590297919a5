#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::coordinator {

enum class GateKind : std::uint8_t { Fence, HotplugMask, Service, Vfs };

/// One gate that slotd has closed, or may have: the truth is in slotd-exec's gate record.
struct Gate {
    GateKind kind = GateKind::Fence;
    pci::Address port;
    pci::Service service = pci::Service::Pciehp;  ///< only of GateKind::Service

    auto operator<=>(const Gate&) const = default;
    std::string to_string() const;
};

/// The gate that an effect closes or opens; nullopt for effects that move none.
std::optional<Gate> closed_by(const action::Effect& effect);
std::optional<Gate> opened_by(const action::Effect& effect);

/// Which gates are closed, as far as slotd can tell: a gate counts as closed from the moment its
/// closing is asked for, and until its opening has succeeded. Sorted.
class GateSet {
public:
    bool contains(const Gate& gate) const;
    bool contains_service(const pci::Address& port, pci::Service service) const;
    void close(const Gate& gate);
    void open(const Gate& gate);

    void clear() { gates_.clear(); }

    const std::vector<Gate>& gates() const { return gates_; }

    bool operator==(const GateSet&) const = default;

private:
    std::vector<Gate> gates_;
};

}  // namespace slotd::coordinator
