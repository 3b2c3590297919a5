#include "tests/house/source_file.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace slotd::house {
namespace {

TEST(SourceFile, BlanksCommentsAndLiteralsAndKeepsTheLines) {
    EXPECT_EQ(code_only("a; // b\n/* c\nd */ e;"), "a;     \n    \n     e;");
    EXPECT_EQ(code_only(R"(f("x\"y", 'z', '\''))"), R"(f("    ", ' ', '  '))");
    EXPECT_EQ(code_only("R\"(a \" b)\"; c"), "R\"       \"; c");
    EXPECT_EQ(code_only("100'000 + 'a'"), "100'000 + ' '");
}

TEST(SourceFile, SurvivesTextThatDoesNotEnd) {
    EXPECT_EQ(code_only("/*"), "  ");
    EXPECT_EQ(code_only("a /"), "a /");
    EXPECT_EQ(code_only("\"abc"), "\"   ");
    EXPECT_EQ(code_only("R\"abc").size(), 5U);
}

TEST(SourceFile, KnowsItsModule) {
    EXPECT_EQ(SourceFile("lib/pci/registers/a.hpp", "").module(), "pci");
    EXPECT_EQ(SourceFile("daemon/main.cpp", "").module(), "");
    EXPECT_TRUE(SourceFile("lib/pci/a.hpp", "").is_header());
}

TEST(SourceFile, CountsLines) {
    EXPECT_EQ(lines_of("a\nb\n"), (std::vector<std::string_view>{"a", "b"}));
    EXPECT_EQ(line_at("a\nb\nc", 4), 3U);
}

}  // namespace
}  // namespace slotd::house
