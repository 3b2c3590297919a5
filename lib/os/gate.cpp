#include "os/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/overloaded.hpp"
#include "base/parse.hpp"
#include "base/result.hpp"
#include "os/driver_note.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::os {

namespace {

constexpr std::array<std::uint32_t, 256> crc_of_each_byte() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
        }
        table.at(byte) = crc;
    }
    return table;
}

constexpr std::array<std::uint32_t, 256> kCrcOfByte = crc_of_each_byte();

/// CRC-32 (IEEE 802.3). It tells a torn or scribbled line from a whole one; it is no protection
/// against somebody who may write to the state directory.
std::uint32_t checksum(std::string_view text) {
    std::uint32_t crc = 0xffffffff;
    for (const char letter : text) {
        crc = (crc >> 8) ^ kCrcOfByte[(crc ^ static_cast<std::uint8_t>(letter)) & 0xffU];
    }
    return ~crc;
}

std::string sum_text(std::string_view line) {
    return fmt::format("{:08x}", checksum(line));
}

std::string with_checksum(const std::string& line) {
    return line + " #" + sum_text(line) + "\n";
}

/// reset_method holds words like "flr" and "device_specific", one space between them.
bool is_method_list(std::string_view text) {
    return !text.empty() && text.size() <= 256 && !text.starts_with(' ') && !text.ends_with(' ') &&
           std::ranges::all_of(text, [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                      letter == '_' || letter == ' ';
           });
}

std::optional<std::uint16_t> take_register(std::string_view& rest) {
    const std::string_view field = next_field(rest, ' ');
    return field.size() == 4 ? parse_unsigned<std::uint16_t>(field, 16) : std::nullopt;
}

std::optional<Gate> take_fence(const pci::Address& port, std::string_view rest) {
    const auto command = take_register(rest);
    const auto bridge_control = take_register(rest);
    const auto device_control = take_register(rest);
    if (!command || !bridge_control || !device_control) {
        return std::nullopt;
    }
    return FenceGate{port, *command, *bridge_control, *device_control};
}

std::optional<Gate> take_hotplug(const pci::Address& port, std::string_view rest) {
    const auto slot_control = take_register(rest);
    return slot_control ? std::optional<Gate>(HotplugGate{port, *slot_control}) : std::nullopt;
}

std::optional<Gate> take_service(const pci::Address& port, std::string_view rest) {
    const auto service = pci::service_from_name(rest);
    return service ? std::optional<Gate>(ServiceGate{port, *service}) : std::nullopt;
}

std::optional<Gate> take_reset_method(const pci::Address& function, std::string_view rest) {
    const std::string_view only = next_field(rest, '|');
    if (!is_method_list(only) || !is_method_list(rest)) {
        return std::nullopt;
    }
    return ResetMethodGate{function, std::string(rest), std::string(only)};
}

std::optional<Gate> take_driver(const pci::Address& port, std::string_view rest) {
    const auto function = pci::Address::parse(next_field(rest, ' '));
    const auto before = parse_driver_note(rest);
    if (!function || !before) {
        return std::nullopt;
    }
    return DriverGate{port, *function, *before};
}

std::optional<Gate> take_vfs(const pci::Address& port, std::string_view rest) {
    const auto function = pci::Address::parse(next_field(rest, ' '));
    const std::string_view autoprobe = next_field(rest, ' ');
    auto notes = parse_driver_notes(rest);
    if (!function || (autoprobe != "0" && autoprobe != "1") || !notes) {
        return std::nullopt;
    }
    return VfsGate{port, *function, autoprobe == "1", std::move(*notes)};
}

std::optional<Gate> take_gate(std::string_view rest) {
    const std::string_view kind = next_field(rest, ' ');
    const auto address = pci::Address::parse(next_field(rest, ' '));
    if (!address) {
        return std::nullopt;
    }
    if (kind == "fence") {
        return take_fence(*address, rest);
    }
    if (kind == "hotplug") {
        return take_hotplug(*address, rest);
    }
    if (kind == "service") {
        return take_service(*address, rest);
    }
    if (kind == "driver") {
        return take_driver(*address, rest);
    }
    if (kind == "vfs") {
        return take_vfs(*address, rest);
    }
    if (kind == "power") {
        return rest.empty() ? std::optional<Gate>(PowerGate{*address}) : std::nullopt;
    }
    return kind == "reset_method" ? take_reset_method(*address, rest) : std::nullopt;
}

/// What comes after the gate's name in a closed line; empty where the name says everything.
std::string former_state(const Gate& gate) {
    return std::visit(
        Overloaded{
            [](const FenceGate& one) {
                return fmt::format(" {:04x} {:04x} {:04x}", one.command, one.bridge_control,
                                   one.device_control);
            },
            [](const HotplugGate& one) { return fmt::format(" {:04x}", one.slot_control); },
            [](const OneOf<ServiceGate, PowerGate> auto&) { return std::string{}; },
            [](const ResetMethodGate& one) { return " " + one.only + "|" + one.methods; },
            [](const DriverGate& one) { return " " + to_text(one.before); },
            [](const VfsGate& one) {
                return fmt::format(" {} {}", one.autoprobe ? 1 : 0, to_text(one.vfs));
            },
        },
        gate);
}

}  // namespace

pci::Address subject(const Gate& gate) {
    return std::visit(Overloaded{
                          [](const OneOf<FenceGate, HotplugGate, ServiceGate, DriverGate, VfsGate,
                                         PowerGate> auto& one) { return one.port; },
                          [](const ResetMethodGate& one) { return one.function; },
                      },
                      gate);
}

std::string name_of(const Gate& gate) {
    return std::visit(
        Overloaded{
            [](const FenceGate& one) { return "fence " + one.port.to_string(); },
            [](const HotplugGate& one) { return "hotplug " + one.port.to_string(); },
            [](const ServiceGate& one) {
                return fmt::format("service {} {}", one.port.to_string(),
                                   pci::driver_name(one.service));
            },
            [](const ResetMethodGate& one) { return "reset_method " + one.function.to_string(); },
            [](const DriverGate& one) {
                return fmt::format("driver {} {}", one.port.to_string(), one.function.to_string());
            },
            [](const VfsGate& one) {
                return fmt::format("vfs {} {}", one.port.to_string(), one.function.to_string());
            },
            [](const PowerGate& one) { return "power " + one.port.to_string(); },
        },
        gate);
}

std::string closed_line(const Gate& gate) {
    return with_checksum("closed " + name_of(gate) + former_state(gate));
}

std::string opened_line(const Gate& gate) {
    return with_checksum("opened " + name_of(gate));
}

Result<GateLine> parse_gate_line(std::string_view line) {
    const std::size_t mark = line.rfind(" #");
    if (mark == std::string_view::npos || line.substr(mark + 2) != sum_text(line.substr(0, mark))) {
        return failure(ErrorKind::Malformed, "check a line of the gate record");
    }
    std::string_view rest = line.substr(0, mark);
    const std::string_view what = next_field(rest, ' ');
    if (what == "opened") {
        return GateLine{std::nullopt, std::string(rest)};
    }
    std::optional<Gate> gate = what == "closed" ? take_gate(rest) : std::nullopt;
    // One check for every surplus word and every other spelling.
    if (!gate || name_of(*gate) + former_state(*gate) != rest) {
        return failure(ErrorKind::Malformed, "read a line of the gate record");
    }
    std::string name = name_of(*gate);
    return GateLine{std::move(gate), std::move(name)};
}

}  // namespace slotd::os
