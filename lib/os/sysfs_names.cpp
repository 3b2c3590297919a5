#include "os/sysfs_names.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/parse.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::os {

std::optional<ServiceName> service_of(std::string_view name) {
    const auto suffix = name.rfind(":pcie");
    if (suffix == std::string_view::npos) {
        return std::nullopt;
    }
    const auto port = pci::Address::parse(name.substr(0, suffix));
    // Three hex digits: the port's type, then the service (KERNEL 6).
    const auto number = parse_unsigned<std::uint16_t>(name.substr(suffix + 5), 16);
    const auto service =
        number ? pci::service_from_number(static_cast<std::uint8_t>(*number & 0xff)) : std::nullopt;
    if (!port || !service) {
        return std::nullopt;
    }
    return ServiceName{*port, *service};
}

std::optional<BusName> bus_named(std::string_view domain, std::string_view bus) {
    // With device and function added it has the form of an address, and is checked as one.
    const auto address = pci::Address::parse(fmt::format("{}:{}:00.0", domain, bus));
    return address ? std::optional(BusName{address->domain, address->bus}) : std::nullopt;
}

std::optional<BusName> bus_of_slot(std::string_view address) {
    const std::string_view domain = next_field(address, ':');
    const std::string_view bus = next_field(address, ':');
    return address.empty() || address == "00" ? bus_named(domain, bus) : std::nullopt;
}

}  // namespace slotd::os
