#include "tests/house/header_rules.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include "tests/house/source_file.hpp"

namespace slotd::house {

namespace {

// A few fields with good names say it themselves; a comment would only repeat them.
constexpr std::size_t kPlainStructLinesMax = 7;

std::size_t end_of_type(const std::vector<std::string_view>& code, std::size_t line) {
    while (line + 1 < code.size() && !code[line].starts_with('}')) {
        ++line;
    }
    return line;
}

}  // namespace

Complaints check_header(const SourceFile& file) {
    if (file.module().empty() || !file.is_header()) {
        return {};
    }
    Complaints complaints;
    const auto code = lines_of(file.code);
    const auto text = lines_of(file.text);
    if (text.empty() || text.front() != "#pragma once") {
        complaints.push_back(complaint(file, 1, "a header starts with #pragma once"));
    }
    for (std::size_t line = 0; line < code.size(); ++line) {
        // Members are indented; so this is namespace level. A declaration that ends here only names
        // it.
        const bool is_struct = code[line].starts_with("struct ");
        if ((!is_struct && !code[line].starts_with("class ")) || code[line].ends_with(';')) {
            continue;
        }
        const std::size_t end = end_of_type(code, line);
        if (is_struct && end - line < kPlainStructLinesMax) {
            continue;
        }
        std::size_t above = line;
        while (above > 0 && (text[above - 1].starts_with("template <") ||
                             text[above - 1].starts_with("    requires "))) {
            --above;
        }
        if (above == 0 || !text[above - 1].starts_with("///")) {
            complaints.push_back(complaint(
                file, line + 1,
                fmt::format("say in a /// comment what {} is", code[line].substr(0, 60))));
        }
    }
    return complaints;
}

}  // namespace slotd::house
