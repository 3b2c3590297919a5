#include "pci/address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/parse.hpp"

namespace slotd::pci {

namespace {

constexpr std::size_t kTextMin = std::string_view("0000:00:00.0").size();

/// sysfs prints lower-case hexadecimal of at least `width` digits; an upper-case or shorter form is
/// another name and would not be found there.
template <class T>
std::optional<T> parse_hex(std::string_view text, std::size_t width_min, std::size_t width_max) {
    if (text.size() < width_min || text.size() > width_max ||
        text.find_first_of("ABCDEF") != std::string_view::npos) {
        return std::nullopt;
    }
    return parse_unsigned<T>(text, 16);
}

/// By hand: an address is written for each file, line and request.
void append_hex(std::string& text, std::uint32_t value, unsigned digits_min) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    unsigned digits = digits_min;
    while (digits < 8 && value >> (4 * digits) != 0) {
        ++digits;
    }
    while (digits-- > 0) {
        text += kDigits[value >> (4 * digits) & 0xf];
    }
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
    if (text.size() < kTextMin || text[text.size() - 2] != '.') {
        return std::nullopt;  // most of what is asked, names of anything in sysfs, ends here
    }
    std::string_view rest = text;
    const std::string_view domain_text = next_field(rest, ':');
    const std::string_view bus_text = next_field(rest, ':');
    const std::string_view device_text = next_field(rest, '.');
    const auto domain = parse_hex<std::uint32_t>(domain_text, 4, 6);
    const auto bus = parse_hex<std::uint8_t>(bus_text, 2, 2);
    const auto device = parse_hex<std::uint8_t>(device_text, 2, 2);
    const auto function = parse_hex<std::uint8_t>(rest, 1, 1);
    if (!domain || !bus || !device || !function || *device > 31 || *function > 7) {
        return std::nullopt;
    }
    // "00001:..." parses as 1 but is not how sysfs writes it.
    if (domain_text.size() > 4 && domain_text.front() == '0') {
        return std::nullopt;
    }
    return Address{*domain, *bus, *device, *function};
}

std::string Address::to_string() const {
    std::string text;
    append_hex(text, domain, 4);
    text += ':';
    append_hex(text, bus, 2);
    text += ':';
    append_hex(text, device, 2);
    text += '.';
    append_hex(text, function, 1);
    return text;
}

}  // namespace slotd::pci
