#include "pci/identity.hpp"

#include <fmt/format.h>

#include <string>

namespace slotd::pci {

bool Identity::same_model(const Identity& other) const {
    return vendor == other.vendor && device == other.device &&
           subsystem_vendor == other.subsystem_vendor &&
           subsystem_device == other.subsystem_device && class_code == other.class_code &&
           revision == other.revision;
}

bool Identity::same_card(const Identity& other) const {
    const bool both_numbered = serial.has_value() && other.serial.has_value();
    return same_model(other) && (!both_numbered || serial == other.serial);
}

std::string Identity::to_string() const {
    std::string text =
        fmt::format("{:04x}:{:04x} ({:04x}:{:04x}) class {:06x} rev {:02x}", vendor, device,
                    subsystem_vendor, subsystem_device, class_code, revision);
    if (serial) {
        text += fmt::format(" serial {:016x}", *serial);
    }
    return text;
}

}  // namespace slotd::pci
