#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace slotd::pci {

/// A kernel port service: a driver of /sys/bus/pci_express/drivers that acts for a port.
/// Numbers are the kernel's (include/linux/pcieport_if.h PCIE_PORT_SERVICE_*), as they end the
/// service device's name: 0000:00:1c.0:pcie004 is pciehp of a Root Port.
enum class Service : std::uint8_t {
    Pme = 0x01,
    Aer = 0x02,
    Pciehp = 0x04,
    Dpc = 0x08,
    BwCtrl = 0x10
};

/// The kernel driver's name: "aer", "pciehp", "dpc", "pcie_pme", "pcie_bwctrl".
std::string_view driver_name(Service service);
std::optional<Service> service_from_number(std::uint8_t number);
/// From the driver's name; only what an operator or a gate record may name: aer, dpc, pciehp.
std::optional<Service> service_from_name(std::string_view name);

/// A set of services of one port.
class ServiceSet {
public:
    constexpr ServiceSet() = default;

    constexpr ServiceSet(std::initializer_list<Service> services) {
        for (const Service service : services) {
            insert(service);
        }
    }

    constexpr void insert(Service service) { bits_ |= static_cast<std::uint8_t>(service); }

    constexpr void erase(Service service) {
        bits_ &= static_cast<std::uint8_t>(~static_cast<std::uint8_t>(service));
    }

    constexpr bool contains(Service service) const {
        return (bits_ & static_cast<std::uint8_t>(service)) != 0;
    }

    constexpr bool empty() const { return bits_ == 0; }

    constexpr std::uint8_t bits() const { return bits_; }

    static constexpr ServiceSet from_bits(std::uint8_t bits) {
        ServiceSet set;
        set.bits_ = bits & 0x1f;
        return set;
    }

    bool operator==(const ServiceSet&) const = default;
    /// "aer pciehp", in the order of the numbers; empty for none.
    std::string to_string() const;

private:
    std::uint8_t bits_ = 0;
};

}  // namespace slotd::pci
