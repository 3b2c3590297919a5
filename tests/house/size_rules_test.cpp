#include "tests/house/size_rules.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "tests/house/source_file.hpp"

namespace slotd::house {
namespace {

std::string lines(std::size_t count, const std::string& line = "    call();") {
    std::string text;
    for (std::size_t number = 0; number < count; ++number) {
        text += line + "\n";
    }
    return text;
}

SourceFile source(const std::string& text, const std::string& path = "lib/pci/a.cpp") {
    return SourceFile(path, text);
}

TEST(SizeRules, CatchALongLine) {
    EXPECT_EQ(check_columns(source(std::string(100, 'x') + "\n")), Complaints{});
    EXPECT_EQ(check_columns(source("\n" + std::string(101, 'x') + "\n")),
              Complaints{"lib/pci/a.cpp:2: 101 columns, 100 at most"});
}

TEST(SizeRules, CountCharactersNotBytes) {
    EXPECT_EQ(check_columns(source(std::string(99, 'x') + "\xe2\x86\x92\n")), Complaints{});
}

TEST(SizeRules, CatchALongFunction) {
    const std::string head = "namespace slotd {\n\nint f(int a) {\n";
    EXPECT_EQ(check_functions(source(head + lines(68) + "}\n}\n")), Complaints{});
    EXPECT_EQ(check_functions(source(head + lines(69) + "}\n}\n")),
              Complaints{"lib/pci/a.cpp:3: function of 71 lines, 70 at most"});
}

TEST(SizeRules, CatchEveryShapeOfFunction) {
    for (const std::string head :
         {"TEST(Name, Sentence) {", "A::A(int b) : b_(b), c_{b} {", "auto f() -> int {",
          "bool A::operator==(const A& other) const noexcept {", "class A {\n    int f() const {",
          "template <class T>\nT f(T t = {}) {", "static const struct stat* f(int a) {"}) {
        EXPECT_EQ(check_functions(source(head + "\n" + lines(100) + "}\n")).size(), 1U) << head;
    }
}

TEST(SizeRules, LetTypesNamespacesAndTablesBeLong) {
    for (const std::string head :
         {"namespace a {", "class A {", "struct A final : public B {", "enum class A : char {",
          "constexpr std::array kTable{", "const auto f = table({", "extern \"C\" {"}) {
        EXPECT_EQ(check_functions(source(head + "\n" + lines(100, "    a,") + "};\n")),
                  Complaints{})
            << head;
    }
}

TEST(SizeRules, CountTheFunctionAfterAnother) {
    const std::string small = "int f() {\n    if (a) {\n        b = [] { return 1; };\n    }\n}\n";

    EXPECT_EQ(check_functions(source(small + small + "int g() {\n" + lines(80) + "}\n")),
              Complaints{"lib/pci/a.cpp:11: function of 82 lines, 70 at most"});
}

TEST(SizeRules, SeeNoBraceInTextOrComment) {
    EXPECT_EQ(check_functions(source("int f() {\n    a = \"{\"; b = '{'; // {\n}\n" + lines(100))),
              Complaints{});
}

TEST(SizeRules, CatchALongFileByItsKind) {
    EXPECT_EQ(check_length(source(lines(400))), Complaints{});
    EXPECT_EQ(check_length(source(lines(401))),
              Complaints{"lib/pci/a.cpp:401: 401 lines, 400 at most: split by aspect"});
    EXPECT_EQ(check_length(source(lines(200), "lib/pci/a.hpp")), Complaints{});
    EXPECT_EQ(check_length(source(lines(201), "lib/pci/a.hpp")).size(), 1U);
    EXPECT_EQ(check_length(source(lines(600), "tests/unit/pci/a_test.cpp")), Complaints{});
    EXPECT_EQ(check_length(source(lines(601), "tests/unit/pci/a_test.cpp")).size(), 1U);
}

}  // namespace
}  // namespace slotd::house
