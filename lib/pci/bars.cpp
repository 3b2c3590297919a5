#include "pci/bars.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/parse.hpp"
#include "pci/registers/bar_registers.hpp"

namespace slotd::pci {

namespace {

// include/linux/ioport.h
constexpr std::uint64_t kIo = 0x00000100;
constexpr std::uint64_t kMemory = 0x00000200;
constexpr std::uint64_t kMemory64 = 0x00100000;
constexpr std::uint64_t kDisabled = 0x10000000;
constexpr std::uint64_t kUnset = 0x20000000;
constexpr std::uint64_t kPciFixed = 1U << 4;
constexpr std::uint64_t kPciEnhancedAllocation = 1U << 5;

constexpr std::uint64_t kAllOnes = 0xffffffff;

std::optional<std::uint64_t> hex_field(std::string_view& line) {
    const std::string_view field = next_field(line, ' ');
    return field.starts_with("0x") ? parse_unsigned<std::uint64_t>(field.substr(2), 16)
                                   : std::nullopt;
}

BarResource parse_line(std::string_view line) {
    const auto start = hex_field(line);
    const auto end = hex_field(line);
    const auto flags = hex_field(line);
    return start && end && flags && line.empty() ? BarResource{*start, *flags} : BarResource{};
}

bool is_intact(std::span<const std::uint32_t> registers, const BarResource& resource) {
    if (registers.empty() || registers[0] == kAllOnes) {
        return false;
    }
    const BaseAddress lower(registers[0]);
    if ((resource.flags & kIo) != 0) {
        return lower.is_io() && lower.address() != 0;
    }
    if ((resource.flags & kMemory64) == 0) {
        return !lower.is_io() && lower.address() == resource.start;
    }
    return registers.size() > 1 && !lower.is_io() &&
           (std::uint64_t{registers[1]} << 32 | lower.address()) == resource.start;
}

}  // namespace

BarResources parse_resource(std::string_view text) {
    BarResources resources;
    for (BarResource& resource : resources) {
        resource = parse_line(next_field(text, '\n'));
    }
    return resources;
}

bool is_assigned(const BarResource& resource) {
    constexpr std::uint64_t kNotOurs = kDisabled | kUnset | kPciFixed | kPciEnhancedAllocation;
    return resource.start != 0 && (resource.flags & (kIo | kMemory)) != 0 &&
           (resource.flags & kNotOurs) == 0;
}

bool bars_intact(std::span<const std::uint32_t> registers, const BarResources& resources) {
    for (std::size_t bar = 0; bar < resources.size(); ++bar) {
        const auto rest = registers.subspan(bar < registers.size() ? bar : registers.size());
        if (is_assigned(resources[bar]) && !is_intact(rest, resources[bar])) {
            return false;
        }
    }
    return true;
}

}  // namespace slotd::pci
