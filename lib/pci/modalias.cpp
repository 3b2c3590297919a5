#include "pci/modalias.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/parse.hpp"
#include "pci/identity.hpp"

namespace slotd::pci {

namespace {

/// Takes `name` and the `digits` after it off the front of `text`.
template <class T>
std::optional<T> take(std::string_view& text, std::string_view name, std::size_t digits) {
    if (!text.starts_with(name) || text.size() < name.size() + digits) {
        return std::nullopt;
    }
    const auto value = parse_unsigned<T>(text.substr(name.size(), digits), 16);
    text.remove_prefix(name.size() + digits);
    return value;
}

}  // namespace

std::optional<Identity> identity_from_modalias(std::string_view text) {
    const auto vendor = take<std::uint16_t>(text, "pci:v", 8);
    const auto device = take<std::uint16_t>(text, "d", 8);
    const auto subsystem_vendor = take<std::uint16_t>(text, "sv", 8);
    const auto subsystem_device = take<std::uint16_t>(text, "sd", 8);
    const auto base_class = take<std::uint8_t>(text, "bc", 2);
    const auto sub_class = take<std::uint8_t>(text, "sc", 2);
    const auto interface = take<std::uint8_t>(text, "i", 2);
    if (!vendor || !device || !subsystem_vendor || !subsystem_device || !base_class || !sub_class ||
        !interface || !text.empty()) {
        return std::nullopt;
    }
    Identity identity;
    identity.vendor = *vendor;
    identity.device = *device;
    identity.subsystem_vendor = *subsystem_vendor;
    identity.subsystem_device = *subsystem_device;
    identity.class_code = std::uint32_t{*base_class} << 16U | std::uint32_t{*sub_class} << 8U |
                          std::uint32_t{*interface};
    return identity;
}

}  // namespace slotd::pci
