#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/parse.hpp"
#include "report/printable.hpp"

namespace slotd::fuzz {

/// What a target throws where a property does not hold: libFuzzer takes it for a crash, the replay
/// of the corpus says in which file it was.
struct PropertyBroken : std::logic_error {
    using std::logic_error::logic_error;
};

inline void require(bool holds, const char* property) {
    if (!holds) {
        throw PropertyBroken(property);
    }
}

inline std::string_view text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Takes the first byte off; 0 where there is none.
inline std::uint8_t take_byte(std::span<const std::uint8_t>& bytes) {
    if (bytes.empty()) {
        return 0;
    }
    const std::uint8_t byte = bytes.front();
    bytes = bytes.subspan(1);
    return byte;
}

/// Whether a terminal and a log take it for text and nothing else.
inline bool is_printable(std::string_view text) {
    return report::printable(text) == text;
}

/// The same of text that may have several lines.
inline bool has_printable_lines(std::string_view text) {
    while (!text.empty()) {
        if (!is_printable(next_field(text, '\n'))) {
            return false;
        }
    }
    return true;
}

}  // namespace slotd::fuzz
