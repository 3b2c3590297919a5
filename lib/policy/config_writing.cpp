#include "policy/config_writing.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::policy::values {

namespace {

template <class T, class ToText>
std::string list(const std::vector<T>& elements, ToText to_text) {
    std::string text = "[";
    for (const T& element : elements) {
        text += (text.size() == 1 ? "" : ", ") + written(std::string_view(to_text(element)));
    }
    return text + "]";
}

std::string half_of_id(const std::optional<std::uint16_t>& half) {
    return half ? fmt::format("{:04x}", *half) : std::string("*");
}

/// The code point that begins at `at`, if it would move, hide or reorder what is on a screen (as
/// report::printable() has it, which must leave what is written here alone). 0 otherwise.
unsigned control_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t index) {
        return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
    };
    if (byte(at) == 0xc2 && byte(at + 1) >= 0x80 && byte(at + 1) < 0xa0) {
        return byte(at + 1);
    }
    if (byte(at) == 0xef && byte(at + 1) == 0xbb && byte(at + 2) == 0xbf) {
        return 0xfeff;
    }
    if (byte(at) != 0xe2 || (byte(at + 1) != 0x80 && byte(at + 1) != 0x81)) {
        return 0;
    }
    const unsigned code = 0x2000 + ((byte(at + 1) & 1U) << 6) + (byte(at + 2) & 0x3fU);
    const bool acts = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                      (code >= 0x2060 && code <= 0x206f);
    return acts ? code : 0;
}

}  // namespace

std::string written(bool flag) {
    return flag ? "true" : "false";
}

std::string written(std::uint32_t count) {
    return fmt::format("{}", count);
}

std::string written(std::string_view text) {
    std::string quoted = "\"";
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        const auto code = static_cast<unsigned char>(letter);
        if (const unsigned control = control_at(text, at); control != 0) {
            quoted += fmt::format("\\u{:04x}", control);
            at += control < 0x100 ? 1 : 2;
        } else if (code < 0x20 || code == 0x7f) {
            quoted += fmt::format("\\u{:04x}", code);
        } else {
            quoted += letter == '"' || letter == '\\' ? "\\" : "";
            quoted += letter;
        }
    }
    return quoted + "\"";
}

std::string written(Level level) {
    return written(std::string_view(to_text(level)));
}

std::string written(const std::vector<Rung>& steps) {
    return list(steps, [](Rung step) { return to_text(step); });
}

std::string written(const std::vector<UseKind>& kinds) {
    return list(kinds, [](UseKind kind) { return to_text(kind); });
}

std::string written(const std::vector<pci::Address>& ports) {
    return list(ports, [](const pci::Address& port) { return port.to_string(); });
}

std::string written(const std::vector<std::string>& names) {
    return list(names, [](const std::string& name) { return name; });
}

std::string written(const std::vector<IdPattern>& ids) {
    return list(ids, [](const IdPattern& id) {
        return half_of_id(id.vendor) + ":" + half_of_id(id.device);
    });
}

std::string written_milliseconds(Duration time) {
    return fmt::format("{}", std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace slotd::policy::values
