#include "policy/config_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "policy/config_entry.hpp"
#include "policy/level.hpp"

namespace slotd::policy::values {

namespace {

std::unexpected<std::string> wrong(const ConfigValue& value, std::string_view why) {
    return std::unexpected(fmt::format("{} is not {}", quoted(value), why));
}

bool printable(std::string_view text) {
    return std::ranges::none_of(text, [](char letter) {
        const auto code = static_cast<unsigned char>(letter);
        return code < 0x20 || code == 0x7f;
    });
}

}  // namespace

std::string quoted(const ConfigValue& value) {
    return std::visit(Overloaded{
                          [](bool flag) -> std::string { return flag ? "true" : "false"; },
                          [](std::int64_t number) { return fmt::format("{}", number); },
                          [](double number) { return fmt::format("{}", number); },
                          [](const std::string& text) { return "\"" + text.substr(0, 64) + "\""; },
                          [](const Misfit& misfit) { return "a value of type " + misfit.type; },
                          [](const ConfigList&) -> std::string { return "a list"; },
                      },
                      value);
}

Read<Level> level(const ConfigValue& value) {
    const auto* const text = std::get_if<std::string>(&value);
    const auto known = text != nullptr ? level_from_text(*text) : std::nullopt;
    if (!known) {
        return wrong(value,
                     "a level; write \"observe\", \"fence\" or \"exclusive\" (with the quotes)");
    }
    return *known;
}

Read<bool> flag(const ConfigValue& value) {
    const auto* const flag = std::get_if<bool>(&value);
    if (flag == nullptr) {
        return wrong(value, "a yes or no; write true or false (without quotes)");
    }
    return *flag;
}

Read<std::uint32_t> count(const ConfigValue& value, std::uint32_t least, std::uint32_t most) {
    const auto* const number = std::get_if<std::int64_t>(&value);
    if (number == nullptr || *number < least || *number > most) {
        return wrong(value, fmt::format("a number from {} to {}; write one of them without quotes",
                                        least, most));
    }
    return static_cast<std::uint32_t>(*number);
}

Read<Duration> milliseconds(const ConfigValue& value, std::uint32_t least, std::uint32_t most) {
    const auto number = std::get_if<std::int64_t>(&value);
    if (number == nullptr || *number < least || *number > most) {
        return wrong(value, fmt::format("a time from {} to {} milliseconds; write a whole number "
                                        "of them without quotes and unit",
                                        least, most));
    }
    return std::chrono::milliseconds(*number);
}

Read<std::string> directory(const ConfigValue& value) {
    const auto* const text = std::get_if<std::string>(&value);
    if (text == nullptr || !text->starts_with('/') || text->size() > kTextMax ||
        !printable(*text)) {
        return wrong(value, "the path of a directory; write it from the root: \"/var/lib/slotd\"");
    }
    return *text;
}

Read<std::string> name(const ConfigValue& value) {
    const auto* const text = std::get_if<std::string>(&value);
    if (text == nullptr || text->empty() || text->size() > kTextMax || !printable(*text)) {
        return wrong(value, fmt::format("a name; write 1 to {} characters in quotes", kTextMax));
    }
    return *text;
}

}  // namespace slotd::policy::values
