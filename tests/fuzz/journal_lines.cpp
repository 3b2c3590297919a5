#include "tests/fuzz/journal_lines.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "evidence/journal_line.hpp"
#include "tests/fuzz/property.hpp"

namespace slotd::fuzz {

namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

std::optional<evidence::JournalLine> line_of(const Fields& fields) {
    const auto field = [&](const char* name) {
        const auto at = fields.find(name);
        return at == fields.end() ? std::nullopt : std::optional(at->second);
    };
    const auto time = parse_unsigned<std::uint64_t>(field("__REALTIME_TIMESTAMP").value_or(""));
    return evidence::journal_line(static_cast<std::int64_t>(time.value_or(0)), field);
}

}  // namespace

std::vector<evidence::JournalLine> journal_lines(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kLinesMax = 64;
    std::vector<evidence::JournalLine> lines;
    std::string_view rest = text_of(bytes);
    Fields fields;
    while (!rest.empty() && lines.size() < kLinesMax) {
        std::string_view value = next_field(rest, '\n');
        const bool ends = value.empty();
        if (!ends) {
            const std::string name(next_field(value, '='));
            fields.insert_or_assign(name, std::string(value));
        }
        if (ends || rest.empty()) {
            if (auto line = line_of(std::exchange(fields, {}))) {
                lines.push_back(std::move(*line));
            }
        }
    }
    return lines;
}

}  // namespace slotd::fuzz
