#pragma once

#include <optional>
#include <string_view>

#include "pci/identity.hpp"

namespace slotd::pci {

/// What sysfs `modalias` tells of a function in one line: all of its identity but revision and
/// serial number. "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00", as the kernel's
/// modalias_show() prints it since there is sysfs; nullopt for anything else.
std::optional<Identity> identity_from_modalias(std::string_view text);

}  // namespace slotd::pci
