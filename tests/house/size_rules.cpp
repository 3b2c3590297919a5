#include "tests/house/size_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/house/source_file.hpp"

namespace slotd::house {

namespace {

enum class Block { Scope, Function, Other };

bool contains_word(std::string_view text, std::string_view word) {
    const auto is_part = [](char letter) {
        return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
    };
    for (std::size_t at = text.find(word); at != std::string_view::npos;
         at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || !is_part(text[at - 1])) && (end == text.size() || !is_part(text[end]))) {
            return true;
        }
    }
    return false;
}

/// What the brace after `head` opens, `head` being the code since the last statement or block, at
/// namespace or class level.
Block block_after(std::string_view head) {
    const auto opened = std::ranges::count(head, '(');
    const bool has_parenthesis = opened > 0 && opened == std::ranges::count(head, ')');
    const bool is_type = contains_word(head, "class") || contains_word(head, "struct") ||
                         contains_word(head, "enum") || contains_word(head, "union");
    if (contains_word(head, "namespace") || contains_word(head, "extern") ||
        (is_type && opened == 0)) {
        return Block::Scope;
    }
    // `constexpr std::array kNames{` and `int a_{`: no space before the brace in our format.
    const bool is_initializer =
        !head.empty() && std::isspace(static_cast<unsigned char>(head.back())) == 0;
    const std::size_t equals = head.find('=');
    const bool assigns = equals != std::string_view::npos && equals < head.find('(') &&
                         !contains_word(head, "operator");
    return has_parenthesis && !is_initializer && !assigns ? Block::Function : Block::Other;
}

std::size_t characters_of(std::string_view line) {
    // UTF-8: continuation bytes are part of the character before them.
    return static_cast<std::size_t>(
        std::ranges::count_if(line, [](char byte) { return (byte & 0xc0) != 0x80; }));
}

}  // namespace

Complaints check_columns(const SourceFile& file) {
    Complaints complaints;
    const auto lines = lines_of(file.text);
    for (std::size_t line = 0; line < lines.size(); ++line) {
        if (characters_of(lines[line]) > kColumnsMax) {
            complaints.push_back(complaint(
                file, line + 1,
                fmt::format("{} columns, {} at most", characters_of(lines[line]), kColumnsMax)));
        }
    }
    return complaints;
}

Complaints check_functions(const SourceFile& file) {
    Complaints complaints;
    std::vector<Block> open;
    std::size_t head = 0;
    std::size_t function_start = 0;
    const std::string_view code = file.code;
    for (std::size_t at = 0; at < code.size(); ++at) {
        const bool in_function = std::ranges::find(open, Block::Function) != open.end();
        if (code[at] == '{') {
            const Block block =
                in_function ? Block::Other : block_after(code.substr(head, at - head));
            if (block == Block::Function) {
                function_start = at;
            }
            // An initializer in a constructor's list leaves the head as it is: the body follows.
            head = block == Block::Other && !in_function ? head : at + 1;
            open.push_back(block);
        } else if (code[at] == '}' && !open.empty()) {
            const Block block = open.back();
            open.pop_back();
            const std::size_t length = line_at(code, at) - line_at(code, function_start) + 1;
            if (block == Block::Function && length > kFunctionLinesMax) {
                complaints.push_back(complaint(
                    file, line_at(code, function_start),
                    fmt::format("function of {} lines, {} at most", length, kFunctionLinesMax)));
            }
            head = block == Block::Other && !in_function ? head : at + 1;
        } else if ((code[at] == ';' || code[at] == '#') && !in_function &&
                   (open.empty() || open.back() == Block::Scope)) {
            // A directive has no end of its own; its line belongs to nothing.
            at = code[at] == '#' ? std::min(code.find('\n', at), code.size() - 1) : at;
            head = at + 1;
        }
    }
    return complaints;
}

Complaints check_length(const SourceFile& file) {
    const bool is_test = file.path.starts_with("tests/");
    const std::size_t most = is_test            ? kTestLinesMax
                             : file.is_header() ? kHeaderLinesMax
                                                : kSourceLinesMax;
    const std::size_t lines = lines_of(file.text).size();
    if (lines <= most) {
        return {};
    }
    return {
        complaint(file, lines, fmt::format("{} lines, {} at most: split by aspect", lines, most))};
}

}  // namespace slotd::house
