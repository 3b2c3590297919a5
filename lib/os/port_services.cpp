#include "os/port_services.hpp"

#include <time.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::os {

namespace {

std::string prefix_of(const pci::Address& port) {
    return port.to_string() + ":pcie";
}

// The kernel has finished when the write returns, so the first look is the last. Where a simulated
// kernel stands behind the attribute, it needs a moment.
constexpr int kLooksMax = 500;
constexpr timespec kBetweenLooks{.tv_sec = 0, .tv_nsec = 2'000'000};

/// The service of a service device's name: "0000:00:1c.0:pcie204" ends in the port type's digit and
/// two digits of service. The first depends on the port's type and is not looked at.
std::optional<pci::Service> service_of(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix) || name.size() != prefix.size() + 3) {
        return std::nullopt;
    }
    const auto number = parse_unsigned<std::uint8_t>(name.substr(prefix.size() + 1), 16);
    return number ? pci::service_from_number(*number) : std::nullopt;
}

}  // namespace

Result<std::optional<ServiceDevice>> PortServices::find(pci::Service service) const {
    auto names = port_dir_.names();
    if (!names) {
        return std::unexpected(std::move(names.error()));
    }
    const std::string prefix = prefix_of(port_);
    for (const std::string& name : *names) {
        if (service_of(name, prefix) == service) {
            return ServiceDevice{name, is_bound(service, name)};
        }
    }
    return std::nullopt;
}

Result<pci::ServiceSet> PortServices::bound() const {
    const auto names = port_dir_.names();
    if (!names) {
        return std::unexpected(names.error());
    }
    return bound_of(*names);
}

pci::ServiceSet PortServices::bound_of(const std::vector<std::string>& names) const {
    pci::ServiceSet found;
    const std::string prefix = prefix_of(port_);
    for (const std::string& name : names) {
        const std::optional<pci::Service> service = service_of(name, prefix);
        if (service && is_bound(*service, name)) {
            found.insert(*service);
        }
    }
    return found;
}

bool PortServices::is_bound(pci::Service service, const std::string& device) const {
    return port_dir_.link_name(device + "/driver") == pci::driver_name(service);
}

Status PortServices::unbind(pci::Service service, const std::string& device) const {
    if (auto written = write_to_driver(service, "unbind", device); !written) {
        return written;
    }
    return wait_until(service, device, false);
}

Status PortServices::bind(pci::Service service, const std::string& device) const {
    if (auto written = write_to_driver(service, "bind", device); !written) {
        return written;
    }
    return wait_until(service, device, true);
}

Status PortServices::write_to_driver(pci::Service service, const std::string& attribute,
                                     const std::string& device) const {
    auto driver =
        sysfs_.open_below("bus/pci_express/drivers/" + std::string(pci::driver_name(service)));
    if (!driver) {
        return std::unexpected(std::move(driver.error()));
    }
    return driver->write(attribute, device + "\n");
}

Status PortServices::wait_until(pci::Service service, const std::string& device, bool bound) const {
    for (int look = 0; look < kLooksMax; ++look) {
        if (is_bound(service, device) == bound) {
            return {};
        }
        (void)::nanosleep(&kBetweenLooks, nullptr);  // cut short by a signal, it only looks sooner
    }
    return failure(ErrorKind::Io, "see " + device + (bound ? " bound" : " unbound"));
}

}  // namespace slotd::os
