#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/parse.hpp"
#include "pci/address.hpp"
#include "policy/config_entry.hpp"
#include "policy/config_values.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy::values {

namespace {

enum class Emptiness { Allowed, Mistake };

ConfigValue widened(const ConfigScalar& scalar) {
    return std::visit([](const auto& value) { return ConfigValue(value); }, scalar);
}

/// Every element through `read`; `instead` is what a person should write.
template <class T, class ReadOne>
Read<std::vector<T>> list_of(const ConfigValue& value, Emptiness emptiness,
                             const std::string& instead, ReadOne read) {
    const auto* const list = std::get_if<ConfigList>(&value);
    if (list == nullptr) {
        return std::unexpected(quoted(value) + " is not a list; write " + instead);
    }
    if (list->empty() && emptiness == Emptiness::Mistake) {
        return std::unexpected("an empty list says nothing; leave the key out or write " + instead);
    }
    if (list->size() > kElementsMax) {
        return std::unexpected(
            fmt::format("a list of {} elements; write at most {}", list->size(), kElementsMax));
    }
    std::vector<T> elements;
    for (const ConfigScalar& scalar : *list) {
        const auto* const text = std::get_if<std::string>(&scalar);
        std::optional<T> element = text != nullptr ? read(*text) : std::nullopt;
        if (!element) {
            return std::unexpected(quoted(widened(scalar)) + " does not belong here; write " +
                                   instead);
        }
        if (std::ranges::find(elements, *element) != elements.end()) {
            return std::unexpected(quoted(widened(scalar)) + " stands twice; write it once");
        }
        elements.push_back(std::move(*element));
    }
    return elements;
}

/// Four hexadecimal digits, or "*", which leaves `half` empty; false for anything else.
bool read_half_of_id(std::string_view text, std::optional<std::uint16_t>& half) {
    if (text == "*") {
        return true;
    }
    half = text.size() == 4 ? parse_unsigned<std::uint16_t>(text, 16) : std::nullopt;
    return half.has_value();
}

std::optional<IdPattern> id_from_text(std::string_view text) {
    IdPattern id;
    const bool whole = text.contains(':') && read_half_of_id(next_field(text, ':'), id.vendor) &&
                       read_half_of_id(text, id.device);
    return whole ? std::optional(id) : std::nullopt;
}

std::optional<std::string> class_from_text(std::string_view text) {
    const bool whole_bytes = text.size() == 2 || text.size() == 4 || text.size() == 6;
    if (!whole_bytes || !parse_unsigned<std::uint32_t>(text, 16)) {
        return std::nullopt;
    }
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char digit) {
        return digit >= 'A' && digit <= 'F' ? static_cast<char>(digit - 'A' + 'a') : digit;
    });
    return lower;
}

}  // namespace

Read<std::vector<Rung>> steps(const ConfigValue& value) {
    auto read = list_of<Rung>(
        value, Emptiness::Mistake,
        R"(any of ["flr", "slot", "bus", "vfio", "reenumerate", "quarantine"])", rung_from_text);
    if (read) {
        const auto last = std::ranges::find(*read, Rung::Quarantine);
        if (last != read->end() && last + 1 != read->end()) {
            return std::unexpected(
                "nothing is tried after \"quarantine\"; write it as the last step");
        }
    }
    return read;
}

Read<std::vector<UseKind>> use_kinds(const ConfigValue& value) {
    static const std::string instead = [] {
        std::string text;
        for (const UseKind kind : all_use_kinds()) {
            text += fmt::format("{}\"{}\"", text.empty() ? "any of [" : ", ", to_text(kind));
        }
        return text + "]";
    }();
    return list_of<UseKind>(value, Emptiness::Allowed, instead, use_kind_from_text);
}

Read<std::vector<pci::Address>> ports(const ConfigValue& value) {
    return list_of<pci::Address>(value, Emptiness::Mistake,
                                 R"(addresses of ports as sysfs has them: ["0000:00:1c.0"])",
                                 pci::Address::parse);
}

Read<std::vector<std::string>> names(const ConfigValue& value) {
    return list_of<std::string>(value, Emptiness::Mistake, R"(names in quotes: ["5", "6"])",
                                [](const std::string& text) -> std::optional<std::string> {
                                    const auto read = name(text);
                                    return read ? std::optional(*read) : std::nullopt;
                                });
}

Read<std::vector<IdPattern>> ids(const ConfigValue& value) {
    return list_of<IdPattern>(
        value, Emptiness::Mistake,
        R"(vendor:device of four hexadecimal digits each or *: ["8086:10d3", "10de:*"])",
        id_from_text);
}

Read<std::vector<std::string>> classes(const ConfigValue& value) {
    return list_of<std::string>(
        value, Emptiness::Mistake,
        R"(the first 2, 4 or 6 hexadecimal digits of class codes: ["02", "0108"])",
        class_from_text);
}

}  // namespace slotd::policy::values
