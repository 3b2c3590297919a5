#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slotd {

using Bytes = std::vector<std::uint8_t>;

/// Builds a binary message: unsigned numbers little-endian at their own width, text with a 16-bit
/// length in front. Growth has a bound: what would go over it is dropped, and ok() says so from
/// then on.
class ByteWriter {
public:
    explicit ByteWriter(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    template <std::unsigned_integral T>
    void number(T value) {
        if (!room(sizeof(T))) {
            return;
        }
        for (std::size_t index = 0; index < sizeof(T); ++index) {
            bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * index)));
        }
    }

    void boolean(bool value) { number(static_cast<std::uint8_t>(value ? 1 : 0)); }

    /// At most 65,535 bytes of text; more is cut off there.
    void text(std::string_view value);

    bool ok() const { return ok_; }

    Bytes take() { return std::move(bytes_); }

private:
    bool room(std::size_t more);

    std::size_t bytes_max_;
    Bytes bytes_;
    bool ok_ = true;
};

/// Takes a message from outside apart. A read past the end gives zero and an empty text, and ok()
/// is false from then on: a decoder may read to its end and ask once.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

    template <std::unsigned_integral T>
    T number() {
        const std::span<const std::uint8_t> field = take(sizeof(T));
        T value = 0;
        for (std::size_t index = 0; index < field.size(); ++index) {
            value = static_cast<T>(value | static_cast<T>(T{field[index]} << (8 * index)));
        }
        return value;
    }

    /// Only 0 and 1 are booleans; anything else is malformed.
    bool boolean();
    /// Malformed where it is longer than `length_max`.
    std::string text(std::size_t length_max);

    /// For a decoder that finds a value out of range.
    void fail() { ok_ = false; }

    bool ok() const { return ok_; }

    /// Everything was read, nothing is left over, and nothing was malformed.
    bool finished() const { return ok_ && rest_.empty(); }

private:
    std::span<const std::uint8_t> take(std::size_t count);

    std::span<const std::uint8_t> rest_;
    bool ok_ = true;
};

}  // namespace slotd
