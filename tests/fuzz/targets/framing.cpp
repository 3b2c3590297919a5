// control::Framing: a stream cut into NUL-ended messages, whatever pieces it comes in.
#include "control/framing.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

struct Cut {
    std::vector<std::string> messages;
    bool broken = false;
    bool operator==(const Cut&) const = default;
};

/// What it should be, said in another way: up to the first message that is too long.
Cut expected(std::string_view stream, std::size_t bytes_max) {
    Cut cut;
    for (;;) {
        const std::size_t end = stream.find('\0');
        if (std::min(end, stream.size()) > bytes_max) {
            cut.broken = true;
            return cut;
        }
        if (end == std::string_view::npos) {
            return cut;
        }
        cut.messages.emplace_back(stream.substr(0, end));
        stream.remove_prefix(end + 1);
    }
}

/// In pieces of so many bytes; all that is there is taken out after each.
Cut in_pieces(std::string_view stream, std::size_t bytes_max, std::size_t piece) {
    control::Framing framing(bytes_max);
    Cut cut;
    while (!stream.empty()) {
        framing.push(stream.substr(0, piece));
        stream.remove_prefix(std::min(piece, stream.size()));
        for (;;) {
            const bool announced = framing.has_message();
            auto message = framing.next();
            require(announced || !message, "a message that comes was announced");
            if (!message) {
                break;
            }
            cut.messages.push_back(std::move(*message));
        }
        require(framing.broken() || framing.waiting() <= bytes_max, "no more waits than the bound");
        require(framing.taken() <= framing.pushed(), "no more is taken than was pushed");
    }
    cut.broken = framing.broken();
    return cut;
}

}  // namespace

void fuzz_framing(std::span<const std::uint8_t> bytes) {
    const std::size_t bytes_max = take_byte(bytes);
    const std::size_t piece = std::size_t{1} + take_byte(bytes);
    const std::string_view stream = text_of(bytes);
    const Cut whole = in_pieces(stream, bytes_max, stream.size() + 1);

    require(whole == expected(stream, bytes_max), "messages are what stands between NULs");
    require(whole == in_pieces(stream, bytes_max, 1), "byte by byte is as in one piece");
    require(whole == in_pieces(stream, bytes_max, piece), "in any pieces is as in one");
}

}  // namespace slotd::fuzz
