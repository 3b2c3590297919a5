#include "os/driver_note.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"

namespace slotd::os {

namespace {

using NotesByIndex = std::map<std::size_t, DriverNote>;

/// "0-2,5"
std::string ranges_text(const std::vector<std::size_t>& indexes) {
    std::string text;
    for (std::size_t at = 0; at < indexes.size();) {
        std::size_t last = at;
        while (last + 1 < indexes.size() && indexes[last + 1] == indexes[last] + 1) {
            ++last;
        }
        text += fmt::format("{}{}", text.empty() ? "" : ",", indexes[at]);
        if (last != at) {
            text += fmt::format("-{}", indexes[last]);
        }
        at = last + 1;
    }
    return text;
}

/// One "0-2" or "5" of the list; false where it is malformed or known already.
bool take_range(std::string_view text, const DriverNote& note, NotesByIndex& notes) {
    const bool has_end = text.find('-') != std::string_view::npos;
    const auto first = parse_unsigned<std::size_t>(next_field(text, '-'));
    const auto last = has_end ? parse_unsigned<std::size_t>(text) : first;
    if (!first || !last || *last < *first || *last >= kVfsMax) {
        return false;
    }
    for (std::size_t index = *first; index <= *last; ++index) {
        if (!notes.emplace(index, note).second) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool is_driver_note(std::string_view name) {
    return name.size() <= kDriverNameBytesMax && !name.starts_with(' ') && !name.ends_with(' ') &&
           std::ranges::all_of(name, [](char letter) {
               return letter >= ' ' && letter <= '~' && letter != '|' && letter != ':' &&
                      letter != ';' && letter != '/';
           });
}

std::string to_text(const DriverNote& note) {
    return note.driver + "|" + note.driver_override;
}

std::optional<DriverNote> parse_driver_note(std::string_view text) {
    const std::size_t bar = text.find('|');
    if (bar == std::string_view::npos || !is_driver_note(text.substr(0, bar)) ||
        !is_driver_note(text.substr(bar + 1))) {
        return std::nullopt;
    }
    return DriverNote{std::string(text.substr(0, bar)), std::string(text.substr(bar + 1))};
}

std::string to_text(const std::vector<DriverNote>& notes) {
    std::map<std::string, std::vector<std::size_t>> alike;
    for (std::size_t index = 0; index < notes.size(); ++index) {
        alike[to_text(notes[index])].push_back(index);
    }
    std::string text;
    for (const auto& [note, indexes] : alike) {
        text += fmt::format("{}{}:{}", text.empty() ? "" : ";", note, ranges_text(indexes));
    }
    return text;
}

std::optional<std::vector<DriverNote>> parse_driver_notes(std::string_view text) {
    const std::string_view whole = text;
    NotesByIndex found;
    while (!text.empty()) {
        std::string_view indexes = next_field(text, ';');
        const std::optional<DriverNote> note = parse_driver_note(next_field(indexes, ':'));
        if (!note || indexes.empty()) {
            return std::nullopt;
        }
        while (!indexes.empty()) {
            if (!take_range(next_field(indexes, ','), *note, found)) {
                return std::nullopt;
            }
        }
    }
    // All of 0 to n - 1: with n different keys the last one is n - 1.
    if (found.empty() || found.rbegin()->first + 1 != found.size()) {
        return std::nullopt;
    }
    std::vector<DriverNote> notes;
    for (auto& [index, note] : found) {
        notes.push_back(std::move(note));
    }
    return to_text(notes) == whole ? std::optional(std::move(notes)) : std::nullopt;
}

}  // namespace slotd::os
