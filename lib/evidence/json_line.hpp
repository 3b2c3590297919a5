#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "pci/address.hpp"

namespace slotd::evidence {

/// Inside this module only: one line of JSON, written in one go. Lines are written in the path of a
/// step, where building a tree of values first costs ten times as much as the line itself.
class JsonLine {
public:
    static constexpr std::size_t kTextBytesMax = 255;

    void open(char bracket);

    void close(char bracket) { line_ += bracket; }

    void key(std::string_view name);
    /// At most kTextBytesMax of it; what is not printable ASCII becomes '?'.
    void text(std::string_view value);
    void number(std::uint64_t value);
    void flag(bool value);
    void null();
    void address(const pci::Address& address);
    /// What is JSON already.
    void raw(std::string_view value);

    /// With the key in front.
    template <class Value>
    void text_of(std::string_view name, const Value& value) {
        key(name);
        text(value);
    }

    std::size_t size() const { return line_.size(); }

    /// Takes back what was written since the line had that size.
    void cut(std::size_t size) { line_.resize(size); }

    std::string take() { return std::move(line_); }

private:
    void comma();

    std::string line_;
};

}  // namespace slotd::evidence
