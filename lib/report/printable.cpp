#include "report/printable.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slotd::report {

namespace {

/// One decoded code point and the bytes it took; length 0 where the bytes are not UTF-8.
struct Decoded {
    std::uint32_t code_point = 0;
    std::size_t length = 0;
};

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

/// Unicode 15.0 table 3-7; overlong forms, surrogates and what is above U+10FFFF are not UTF-8.
Decoded decode(std::string_view text) {
    const std::uint8_t first = byte_at(text, 0);
    if (first < 0x80) {
        return {first, 1};
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) {
        return {};
    }
    std::uint32_t code_point = first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, i) & 0xc0) != 0x80) {
            return {};
        }
        code_point = code_point << 6 | (byte_at(text, i) & 0x3fU);
    }
    const std::uint32_t smallest = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
    const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
    return code_point < smallest || code_point > 0x10ffff || surrogate
               ? Decoded{}
               : Decoded{code_point, length};
}

/// Would move, colour, hide or reorder what is on the screen.
bool is_control(std::uint32_t code_point) {
    return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f) ||
           (code_point >= 0x200b && code_point <= 0x200f) ||
           (code_point >= 0x2028 && code_point <= 0x202e) ||
           (code_point >= 0x2060 && code_point <= 0x206f) || code_point == 0xfeff;
}

bool starts_code_point(char byte) {
    return (static_cast<std::uint8_t>(byte) & 0xc0) != 0x80;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        if (decoded.length == 0 || is_control(decoded.code_point)) {
            clean += '?';
        } else {
            clean += text.substr(0, decoded.length);
        }
        text.remove_prefix(std::max<std::size_t>(decoded.length, 1));
    }
    return clean;
}

std::string printable_list(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ", ") + printable(word);
    }
    return text;
}

std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, starts_code_point));
}

std::string cut(std::string_view text, std::size_t width) {
    if (width == 0 || columns(text) <= width) {
        return std::string(text);
    }
    std::size_t end = 0;
    for (std::size_t kept = 0; end < text.size(); ++end) {
        if (starts_code_point(text[end]) && kept++ == width - 1) {
            break;
        }
    }
    return std::string(text.substr(0, end)) + '~';
}

std::string fitted(std::string_view text, std::size_t width) {
    if (width == 0) {
        return {};
    }
    std::string field = cut(text, width);
    field.append(width - columns(field), ' ');
    return field;
}

}  // namespace slotd::report
