#include "event/uevent_decode.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

#include "event/kernel_event.hpp"
#include "pci/address.hpp"

namespace slotd::event {

namespace {

std::string_view last_component(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

std::optional<pci::Address> function_of(const Uevent& uevent) {
    const auto by_path = pci::Address::parse(last_component(uevent.devpath));
    if (uevent.function.empty()) {
        return by_path;
    }
    const auto by_name = pci::Address::parse(uevent.function);
    // The kernel writes both from one struct pci_dev. Where they differ, somebody else wrote them.
    return by_name == by_path ? by_path : std::nullopt;
}

std::optional<RecoveryReport> report_of(std::string_view error_event) {
    if (error_event == "BEGIN_RECOVERY") {
        return RecoveryReport::Began;
    }
    if (error_event == "SUCCESSFUL_RECOVERY") {
        return RecoveryReport::Succeeded;
    }
    if (error_event == "FAILED_RECOVERY") {
        return RecoveryReport::Failed;
    }
    return std::nullopt;
}

std::optional<HotplugKind> hotplug_of(std::string_view action) {
    if (action == "add") {
        return HotplugKind::Added;
    }
    if (action == "remove") {
        return HotplugKind::Removed;
    }
    if (action == "bind") {
        return HotplugKind::DriverBound;
    }
    if (action == "unbind") {
        return HotplugKind::DriverUnbound;
    }
    return std::nullopt;
}

std::optional<KernelEvent> decode_function(const Uevent& uevent) {
    const auto function = function_of(uevent);
    if (!function) {
        return std::nullopt;
    }
    if (uevent.action == "change") {
        // A change without ERROR_EVENT is SR-IOV or somebody's write to `uevent`.
        const auto report = report_of(uevent.error_event);
        return report ? std::optional<KernelEvent>(RecoveryReported{*function, *report})
                      : std::nullopt;
    }
    const auto kind = hotplug_of(uevent.action);
    return kind ? std::optional<KernelEvent>(HotplugSeen{*function, *kind}) : std::nullopt;
}

std::optional<KernelEvent> decode_service(const Uevent& uevent) {
    const std::string_view name = last_component(uevent.devpath);
    const auto suffix = name.rfind(":pcie");
    if (suffix == std::string_view::npos || !hotplug_of(uevent.action)) {
        return std::nullopt;
    }
    const auto port = pci::Address::parse(name.substr(0, suffix));
    return port ? std::optional<KernelEvent>(ServicesChanged{*port}) : std::nullopt;
}

WedgedMethod wedged_method_of(std::string_view name) {
    if (name == "none") {
        return WedgedMethod::None;
    }
    if (name == "rebind") {
        return WedgedMethod::Rebind;
    }
    if (name == "bus-reset") {
        return WedgedMethod::BusReset;
    }
    return name == "vendor-specific" ? WedgedMethod::VendorSpecific : WedgedMethod::Other;
}

/// A drm device is a child of its function: ".../0000:01:00.0/drm/card0".
std::optional<pci::Address> function_above(std::string_view devpath) {
    while (!devpath.empty()) {
        if (const auto function = pci::Address::parse(last_component(devpath))) {
            return function;
        }
        const auto slash = devpath.rfind('/');
        devpath = slash == std::string_view::npos ? "" : devpath.substr(0, slash);
    }
    return std::nullopt;
}

std::optional<KernelEvent> decode_drm(const Uevent& uevent) {
    constexpr std::size_t kMethodsMax = 8;
    const auto function = function_above(uevent.devpath);
    if (uevent.action != "change" || uevent.wedged.empty() || !function) {
        return std::nullopt;
    }
    DeviceWedged wedged{*function, {}};
    std::string_view rest = uevent.wedged;
    while (!rest.empty() && wedged.methods.size() < kMethodsMax) {
        const auto comma = rest.find(',');
        wedged.methods.push_back(wedged_method_of(rest.substr(0, comma)));
        rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    }
    return wedged;
}

}  // namespace

std::optional<KernelEvent> decode_uevent(const Uevent& uevent) {
    // Nothing has happened to the device; a "trigger" at boot would otherwise hot-plug every slot.
    if (!uevent.synthetic.empty()) {
        return std::nullopt;
    }
    if (uevent.subsystem == "pci") {
        return decode_function(uevent);
    }
    if (uevent.subsystem == "pci_express") {
        return decode_service(uevent);
    }
    if (uevent.subsystem == "drm") {
        return decode_drm(uevent);
    }
    return std::nullopt;
}

}  // namespace slotd::event
