#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace slotd {

/// The whole of `text` as a number in `base`, without sign, space or prefix; nullopt for anything
/// else, out of range included.
template <std::unsigned_integral T>
std::optional<T> parse_unsigned(std::string_view text, int base = 10) {
    T value{};
    const char* const end = text.data() + text.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): from_chars gets the end
    const auto [stopped, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc{} || stopped != end || text.empty()) {
        return std::nullopt;
    }
    return value;
}

/// `text` without the newline that sysfs ends its values with.
std::string_view without_newline(std::string_view text);

/// The part of `text` before the first `separator`; `text` is left with what comes after it (empty
/// where there is none). A bounded tokenizer without allocation.
std::string_view next_field(std::string_view& text, char separator);

}  // namespace slotd
