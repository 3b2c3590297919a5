#include "pci/identity.hpp"

#include <fmt/format.h>

#include <string>

namespace slotd::pci {

bool Identity::same_card(const Identity& other) const {
    Identity mine = *this;
    Identity theirs = other;
    if (!mine.serial || !theirs.serial) {
        mine.serial.reset();
        theirs.serial.reset();
    }
    return mine == theirs;
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
