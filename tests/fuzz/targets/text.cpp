// What makes foreign text fit for a terminal, a page and a list; addresses, numbers and words.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "action/incident.hpp"
#include "base/json.hpp"
#include "base/parse.hpp"
#include "pci/address.hpp"
#include "policy/config_writing.hpp"
#include "report/printable.hpp"
#include "report/timeline_html.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

void require_printable(std::string_view text, std::size_t width) {
    const std::string printable = report::printable(text);
    require(report::printable(printable) == printable, "what is printable stays as it is");
    require(std::ranges::none_of(
                printable,
                [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }),
            "no control character comes through");
    require(nlohmann::json(printable).dump() == json_text(nlohmann::json(printable)),
            "what is printable is UTF-8");
    require(report::columns(report::fitted(printable, width)) == width, "a field has its width");
    require(width == 0 || report::columns(report::cut(printable, width)) <= width,
            "what is cut is no longer than that");
    require(is_printable(report::cut(printable, width)), "and still printable");
}

/// As every text out of a TOML file is: there its parser has seen to it.
bool is_utf8(std::string_view text) {
    return nlohmann::json::parse(json_text(nlohmann::json(text))) == text;
}

void require_escaped(std::string_view text) {
    const std::string escaped = report::html_escaped(text);
    require(escaped.find_first_of("<>\"'") == std::string::npos, "nothing in it is markup");
    const std::string quoted = policy::values::written(text);
    require(quoted.size() >= 2 && quoted.front() == '"' && quoted.back() == '"',
            "a text of the configuration is quoted");
    require(!is_utf8(text) || is_printable(quoted), "and printable");
}

void require_numbers(std::string_view text) {
    if (const auto address = pci::Address::parse(text)) {
        require(address->to_string() == text, "encode(decode(x)) is x");
        require(address->device <= 31 && address->function <= 7, "an address is in its range");
    }
    if (const auto incident = action::incident_from_text(text)) {
        require(*incident != 0, "there is no incident 0");
        require(action::incident_from_text(action::incident_text(*incident)) == incident,
                "decode(encode(x)) is x");
    }
}

}  // namespace

void fuzz_text(std::span<const std::uint8_t> bytes) {
    const std::size_t width = take_byte(bytes);
    const std::string_view text = text_of(bytes);
    require_printable(text, width);
    require_escaped(text);
    require_numbers(text);
    if (const auto object = parse_json_object(text)) {
        const auto again = parse_json_object(json_text(*object));
        require(again && *again == *object, "decode(encode(x)) is x");
    }
}

}  // namespace slotd::fuzz
