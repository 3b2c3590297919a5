#include "evidence/json_line.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string_view>

#include "pci/address.hpp"

namespace slotd::evidence {

void JsonLine::comma() {
    if (!line_.empty() && line_.back() != '{' && line_.back() != '[' && line_.back() != ':') {
        line_ += ',';
    }
}

void JsonLine::open(char bracket) {
    comma();
    line_ += bracket;
}

void JsonLine::key(std::string_view name) {
    comma();
    line_ += '"';
    line_ += name;
    line_ += "\":";
}

void JsonLine::text(std::string_view value) {
    comma();
    line_ += '"';
    for (const char byte : value.substr(0, kTextBytesMax)) {
        if (byte == '"' || byte == '\\') {
            line_ += '\\';
        }
        line_ += byte >= 0x20 && byte < 0x7f ? byte : '?';
    }
    line_ += '"';
}

void JsonLine::number(std::uint64_t value) {
    comma();
    fmt::format_to(std::back_inserter(line_), "{}", value);
}

void JsonLine::flag(bool value) {
    comma();
    line_ += value ? "true" : "false";
}

void JsonLine::null() {
    comma();
    line_ += "null";
}

void JsonLine::raw(std::string_view value) {
    comma();
    line_ += value;
}

void JsonLine::address(const pci::Address& address) {
    comma();
    fmt::format_to(std::back_inserter(line_), "\"{:04x}:{:02x}:{:02x}.{:x}\"", address.domain,
                   address.bus, address.device, address.function);
}

}  // namespace slotd::evidence
