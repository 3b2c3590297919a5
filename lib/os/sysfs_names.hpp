#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::os {

/// A port service, as its device is called: "0000:00:1c.0:pcie004" (KERNEL 6).
struct ServiceName {
    pci::Address port;
    pci::Service service;
};

/// nullopt for any other name.
std::optional<ServiceName> service_of(std::string_view name);

/// A bus as the names of pci_bus and the addresses of slots give it.
struct BusName {
    std::uint32_t domain = 0;
    std::uint8_t bus = 0;

    auto operator<=>(const BusName&) const = default;
};

/// "0000" and "01", checked.
std::optional<BusName> bus_named(std::string_view domain, std::string_view bus);

/// "0000:01:00", or "0000:01" for a slot that is a whole bus. A link leads to device 00 only: slots
/// with other devices are conventional PCI.
std::optional<BusName> bus_of_slot(std::string_view address);

}  // namespace slotd::os
