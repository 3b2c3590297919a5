#include "base/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace slotd {

void ByteWriter::text(std::string_view value) {
    const std::string_view kept = value.substr(
        0, std::min<std::size_t>(value.size(), std::numeric_limits<std::uint16_t>::max()));
    if (!room(sizeof(std::uint16_t) + kept.size())) {
        return;
    }
    number(static_cast<std::uint16_t>(kept.size()));
    bytes_.insert(bytes_.end(), kept.begin(), kept.end());
}

bool ByteWriter::room(std::size_t more) {
    ok_ = ok_ && more <= bytes_max_ - bytes_.size();
    return ok_;
}

bool ByteReader::boolean() {
    const auto value = number<std::uint8_t>();
    ok_ = ok_ && value <= 1;
    return value == 1;
}

std::string ByteReader::text(std::size_t length_max) {
    const auto length = number<std::uint16_t>();
    if (length > length_max) {
        ok_ = false;
        return {};
    }
    const std::span<const std::uint8_t> field = take(length);
    return {field.begin(), field.end()};
}

std::span<const std::uint8_t> ByteReader::take(std::size_t count) {
    if (!ok_ || count > rest_.size()) {
        ok_ = false;
        return {};
    }
    const std::span<const std::uint8_t> field = rest_.first(count);
    rest_ = rest_.subspan(count);
    return field;
}

}  // namespace slotd
