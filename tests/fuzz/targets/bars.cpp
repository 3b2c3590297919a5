// pci::parse_resource and bars_intact: sysfs `resource`, then NUL and raw registers.
#include "pci/bars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

std::string as_the_kernel_writes(const pci::BarResources& resources) {
    std::string text;
    for (const pci::BarResource& one : resources) {
        text += fmt::format("{:#018x} {:#018x} {:#018x}\n", one.start, one.start, one.flags);
    }
    return text;
}

std::vector<std::uint32_t> registers_of(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kMost = 8;
    std::vector<std::uint32_t> registers;
    for (; bytes.size() >= 4 && registers.size() < kMost; bytes = bytes.subspan(4)) {
        registers.push_back(std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 |
                            std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[3]} << 24);
    }
    return registers;
}

}  // namespace

void fuzz_bars(std::span<const std::uint8_t> bytes) {
    const std::string_view text = text_of(bytes).substr(0, text_of(bytes).find('\0'));
    const auto registers = registers_of(bytes.subspan(std::min(text.size() + 1, bytes.size())));
    const pci::BarResources resources = pci::parse_resource(text);

    require(pci::parse_resource(as_the_kernel_writes(resources)) == resources,
            "decode(encode(x)) is x");
    const bool any = std::ranges::any_of(resources, pci::is_assigned);
    require(any || pci::bars_intact(registers, resources), "what was never given is not lost");
    require(!any || !pci::bars_intact({}, resources), "what is not there is not intact");
    const std::vector<std::uint32_t> silent(resources.size(), 0xffffffff);
    require(!any || !pci::bars_intact(silent, resources), "who does not answer is not intact");
    const std::vector<std::uint32_t> wiped(resources.size(), 0);
    require(!any || !pci::bars_intact(wiped, resources), "a wiped card is not intact");
}

}  // namespace slotd::fuzz
