// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire.hpp"

#include <cstdint>
#include <cstring>

namespace lab {
namespace {

// Both ends are x86: the host's byte order is the wire's.
void append_length(std::string& to, std::size_t length) {
    const auto value = static_cast<std::uint32_t>(length);
    to.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::size_t length_at(std::string_view bytes) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
}

}  // namespace

std::string encode(const Message& message) {
    std::string body;
    for (const std::string& field : message) {
        append_length(body, field.size());
        body += field;
    }
    std::string whole;
    append_length(whole, body.size());
    return whole + body;
}

std::optional<Message> take_message(std::string& buffer) {
    if (buffer.size() < 4 || buffer.size() - 4 < length_at(buffer)) {
        return std::nullopt;
    }
    std::string_view body = std::string_view(buffer).substr(4, length_at(buffer));
    const std::size_t used = 4 + body.size();
    Message message;
    while (body.size() >= 4 && body.size() - 4 >= length_at(body)) {
        message.emplace_back(body.substr(4, length_at(body)));
        body.remove_prefix(4 + length_at(body));
    }
    buffer.erase(0, used);
    return message;
}

}  // namespace lab
