// evidence::decode: the field SLOTD_EVENT of a line that anybody may have written to the journal.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "evidence/decode.hpp"
#include "evidence/encode.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

void fuzz_evidence(std::span<const std::uint8_t> bytes) {
    const auto first = evidence::decode(text_of(bytes));
    if (!first) {
        return;
    }
    const std::string line = evidence::encode(*first);
    require(line.size() <= evidence::kBytesMax, "a line fits into the journal");
    require(std::ranges::all_of(line, [](char byte) { return byte >= 0x20 && byte < 0x7f; }),
            "a line is one line of ASCII");
    // The first time text is cut, made printable, and left out where it does not fit.
    const auto second = evidence::decode(line);
    require(second.has_value(), "what was written is read again");
    require(second->input == first->input && second->at == first->at, "and is about the same");
    require(second->cause.index() == first->cause.index(), "of the same kind");
    require(evidence::encode(*second) == line, "encode(decode(x)) is x");
    require(*evidence::decode(line) == *second, "decode(encode(x)) is x");
}

}  // namespace slotd::fuzz
