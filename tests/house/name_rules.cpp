#include "tests/house/name_rules.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

#include "tests/house/source_file.hpp"

namespace slotd::house {

namespace {

struct Name {
    std::string_view word;    ///< whole identifiers; one that ends in "_" begins them
    std::string_view header;  ///< which has to be included; one that ends in "/" is any below it
};

// Not std::string, std::move and integers: they come with every other header of the library.
constexpr std::array kNames{
    Name{"std::array", "array"},
    Name{"std::deque", "deque"},
    Name{"std::expected", "expected"},
    Name{"std::filesystem", "filesystem"},
    Name{"std::ifstream", "fstream"},
    Name{"std::ofstream", "fstream"},
    Name{"std::make_unique", "memory"},
    Name{"std::map", "map"},
    Name{"std::memcpy", "cstring"},
    Name{"std::move_only_function", "functional"},
    Name{"std::optional", "optional"},
    Name{"std::set", "set"},
    Name{"std::shared_ptr", "memory"},
    Name{"std::span", "span"},
    Name{"std::string_view", "string_view"},
    Name{"std::unique_ptr", "memory"},
    Name{"std::variant", "variant"},
    Name{"std::vector", "vector"},
    Name{"std::visit", "variant"},
    Name{"fmt::format", "fmt/"},
    Name{"TEST", "gtest/gtest.h"},
    Name{"TEST_F", "gtest/gtest.h"},
    Name{"EXPECT_", "gtest/gtest.h"},
    Name{"EXPECT_THAT", "gmock/gmock.h"},
};

bool in_identifier(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

/// Of the first use; npos where there is none.
std::size_t find_word(std::string_view code, std::string_view word) {
    for (std::size_t at = code.find(word); at != std::string_view::npos;
         at = code.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool begins = at == 0 || (!in_identifier(code[at - 1]) && code[at - 1] != ':');
        const bool ends = word.ends_with('_') || end == code.size() || !in_identifier(code[end]);
        if (begins && ends) {
            return at;
        }
    }
    return std::string_view::npos;
}

}  // namespace

Complaints check_names(const SourceFile& file, std::string_view own_header) {
    Complaints complaints;
    for (const Name& name : kNames) {
        const std::size_t at = find_word(file.code, name.word);
        const std::string include =
            fmt::format("#include <{}{}", name.header, name.header.ends_with('/') ? "" : ">\n");
        if (at != std::string_view::npos && file.text.find(include) == std::string::npos &&
            own_header.find(include) == std::string_view::npos) {
            complaints.push_back(complaint(
                file, line_at(file.text, at),
                fmt::format("names {} and does not include <{}>", name.word, name.header)));
        }
    }
    return complaints;
}

}  // namespace slotd::house
