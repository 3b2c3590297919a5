#include "pci/service.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace slotd::pci {

namespace {

constexpr std::array<std::pair<Service, std::string_view>, 5> kServices = {{
    {Service::Pme, "pcie_pme"},
    {Service::Aer, "aer"},
    {Service::Pciehp, "pciehp"},
    {Service::Dpc, "dpc"},
    {Service::BwCtrl, "pcie_bwctrl"},
}};

}  // namespace

std::string_view driver_name(Service service) {
    for (const auto& [known, name] : kServices) {
        if (known == service) {
            return name;
        }
    }
    return "unknown";
}

std::optional<Service> service_from_number(std::uint8_t number) {
    for (const auto& [known, name] : kServices) {
        if (std::to_underlying(known) == number) {
            return known;
        }
    }
    return std::nullopt;
}

std::optional<Service> service_from_name(std::string_view name) {
    for (const Service service : {Service::Aer, Service::Dpc, Service::Pciehp}) {
        if (driver_name(service) == name) {
            return service;
        }
    }
    return std::nullopt;
}

std::string ServiceSet::to_string() const {
    std::string text;
    for (const auto& [service, name] : kServices) {
        if (contains(service)) {
            text += (text.empty() ? "" : " ");
            text += name;
        }
    }
    return text;
}

}  // namespace slotd::pci
