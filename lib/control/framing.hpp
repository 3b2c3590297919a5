#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slotd::control {

/// Cuts a stream of bytes into NUL-ended messages, whatever pieces it arrives in. Holds at most one
/// message's bound and one read's piece; past the bound it is broken for good, because nobody knows
/// where the next message would begin.
class Framing {
public:
    explicit Framing(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

    void push(std::string_view bytes);

    /// The next complete message without its NUL; nullopt when more bytes are needed or the stream
    /// is broken. May be empty: two NULs in a row are an (invalid) empty message.
    std::optional<std::string> next();

    /// A message is, or is going to be, longer than the bound.
    bool broken() const { return broken_; }

    bool has_message() const {
        return !broken_ && buffer_.find('\0', searched_) != std::string::npos;
    }

    /// Bytes of the stream so far, and those up to the end of the last message that next() gave.
    std::uint64_t pushed() const { return pushed_; }

    std::uint64_t taken() const { return pushed_ - waiting(); }

    /// Bytes that wait for the rest of a message, or for next().
    std::size_t waiting() const { return buffer_.size() - begin_; }

private:
    std::size_t message_bytes_max_;
    std::string buffer_;
    std::size_t begin_ = 0;     // of the first message not yet returned
    std::size_t searched_ = 0;  // no NUL in [begin_, searched_)
    std::uint64_t pushed_ = 0;
    bool broken_ = false;
};

}  // namespace slotd::control
