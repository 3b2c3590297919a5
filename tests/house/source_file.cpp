#include "tests/house/source_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slotd::house {

namespace {

/// Blanks from `from` up to `to`, keeping the lines.
void blank(std::string& text, std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < std::min(to, text.size()); ++at) {
        if (text[at] != '\n') {
            text[at] = ' ';
        }
    }
}

std::size_t end_of_literal(std::string_view text, std::size_t open) {
    for (std::size_t at = open + 1; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == text[open] || text[at] == '\n') {
            return at;
        }
    }
    return text.size();
}

std::size_t end_of_raw_string(std::string_view text, std::size_t quote) {
    const std::size_t paren = text.find('(', quote);
    if (paren == std::string_view::npos) {
        return text.size();
    }
    const std::string close = ")" + std::string(text.substr(quote + 1, paren - quote - 1)) + "\"";
    const std::size_t end = text.find(close, paren);
    return end == std::string_view::npos ? text.size() : end + close.size() - 1;
}

/// The ' of 100'000 opens no literal.
bool separates_digits(std::string_view text, std::size_t at) {
    return at > 0 && std::isxdigit(static_cast<unsigned char>(text[at - 1])) != 0 &&
           at + 1 < text.size() && std::isxdigit(static_cast<unsigned char>(text[at + 1])) != 0 &&
           (at + 2 >= text.size() || text[at + 2] != '\'');
}

}  // namespace

SourceFile::SourceFile(std::string path_in, std::string text_in)
    : path(std::move(path_in)),
      text(std::move(text_in)),
      code(code_only(text)) {}

std::string SourceFile::module() const {
    if (!path.starts_with("lib/")) {
        return "";
    }
    return path.substr(4, path.find('/', 4) - 4);
}

std::string complaint(const SourceFile& file, std::size_t line, std::string_view text) {
    return fmt::format("{}:{}: {}", file.path, line, text);
}

std::string code_only(std::string_view text) {
    std::string code(text);
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::string_view rest = text.substr(at);
        std::size_t end = at;
        if (rest.starts_with("//")) {
            end = std::min(text.find('\n', at), text.size());
            blank(code, at, end);
        } else if (rest.starts_with("/*")) {
            end = std::min(text.find("*/", at + 2), text.size() - 2) + 2;
            blank(code, at, end);
        } else if (rest.starts_with("R\"")) {
            end = end_of_raw_string(text, at + 1);
            blank(code, at + 2, end);
        } else if (rest.front() == '"' || (rest.front() == '\'' && !separates_digits(text, at))) {
            end = end_of_literal(text, at);
            blank(code, at + 1, end);
        }
        at = end;
    }
    return code;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
}

std::string repository_text(std::string_view path) {
    std::ifstream file(std::filesystem::path(SLOTD_SOURCE_DIR) / path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<SourceFile> sources_of_repository() {
    const std::filesystem::path root(SLOTD_SOURCE_DIR);
    std::vector<SourceFile> files;
    for (const char* folder : {"lib", "daemon", "tests"}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
            const std::string extension = entry.path().extension().string();
            if (extension == ".cpp" || extension == ".hpp") {
                const std::string path = entry.path().lexically_relative(root).string();
                files.emplace_back(path, repository_text(path));
            }
        }
    }
    std::ranges::sort(files, {}, &SourceFile::path);
    return files;
}

}  // namespace slotd::house
