#include "control/framing.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace slotd::control {

void Framing::push(std::string_view bytes) {
    if (broken_) {
        return;
    }
    if (begin_ > 0) {
        buffer_.erase(0, begin_);
        searched_ -= begin_;
        begin_ = 0;
    }
    buffer_ += bytes;
    pushed_ += bytes.size();
}

std::optional<std::string> Framing::next() {
    if (broken_) {
        return std::nullopt;
    }
    const std::size_t end = buffer_.find('\0', searched_);
    const std::size_t length = (end == std::string::npos ? buffer_.size() : end) - begin_;
    if (length > message_bytes_max_) {
        broken_ = true;
        buffer_ = {};
        begin_ = searched_ = 0;
        return std::nullopt;
    }
    if (end == std::string::npos) {
        // A message that trickles in byte by byte is not searched again from its start each time.
        searched_ = buffer_.size();
        return std::nullopt;
    }
    std::string message = buffer_.substr(begin_, length);
    begin_ = searched_ = end + 1;
    return message;
}

}  // namespace slotd::control
