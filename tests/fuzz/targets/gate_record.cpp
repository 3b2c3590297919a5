// os::closed_gates_in and parse_gate_line: the file that a crash, a full disk or somebody's editor
// left behind.
#include "os/gate_record.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/parse.hpp"
#include "os/gate.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

/// CRC-32 by long division, most significant bit first: nobody guesses a sum, so the target gives
/// each line its own. That it is the record's own is what the corpus shows.
std::uint32_t crc_of(std::string_view text) {
    std::uint64_t remainder = 0xffffffff;
    for (const char letter : text) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            const std::uint64_t in = static_cast<std::uint8_t>(letter) >> bit & 1U;
            const std::uint64_t out = remainder & 1U;
            remainder = remainder >> 1U ^ ((in ^ out) * 0xedb88320U);
        }
    }
    return static_cast<std::uint32_t>(remainder ^ 0xffffffff);
}

/// Lines that end in " #" get the right sum after it.
std::string with_sums(std::string_view text) {
    std::string summed;
    while (!text.empty()) {
        const bool whole = text.find('\n') != std::string_view::npos;
        const std::string_view line = next_field(text, '\n');
        summed += line;
        if (line.ends_with(" #")) {
            summed += fmt::format("{:08x}", crc_of(line.substr(0, line.size() - 2)));
        }
        summed += whole ? "\n" : "";
    }
    return summed;
}

void require_line(std::string_view line) {
    const auto parsed = os::parse_gate_line(line);
    if (!parsed || !parsed->closed) {
        return;
    }
    require(os::closed_line(*parsed->closed) == std::string(line) + "\n", "encode(decode(x)) is x");
    require(os::name_of(*parsed->closed) == parsed->name, "a line names its gate");
    require(line.size() < os::kGateLineBytesMax, "no line is longer than the longest");
}

}  // namespace

void fuzz_gate_record(std::span<const std::uint8_t> bytes) {
    const std::string text = with_sums(text_of(bytes));
    std::string_view rest = text;
    while (!rest.empty()) {
        require_line(next_field(rest, '\n'));
    }
    const os::ClosedGates closed = os::closed_gates_in(text);
    const std::string whole = text.substr(0, text.rfind('\n') + 1);
    require(os::closed_gates_in(whole) == closed, "a last line that was cut says nothing");

    std::set<std::string> names;
    std::string same;
    std::string opened = whole;
    for (const os::Gate& gate : closed.gates) {
        require(names.insert(os::name_of(gate)).second, "no gate is closed twice");
        same += os::closed_line(gate);
        opened += os::opened_line(gate);
    }
    require(os::closed_gates_in(same) == os::ClosedGates{closed.gates, {}},
            "a record of the closed gates alone says the same");
    require(os::closed_gates_in(opened) == os::ClosedGates{{}, closed.damaged},
            "all of them can be opened");
}

}  // namespace slotd::fuzz
