#include "tests/house/name_rules.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/house/source_file.hpp"

namespace slotd::house {
namespace {

Complaints names(const std::string& text, const std::string& own_header = "") {
    return check_names(SourceFile("lib/pci/a.cpp", text), own_header);
}

TEST(NameRules, CatchANameWhoseHeaderIsNotIncluded) {
    EXPECT_EQ(names("#include <array>\nstd::array<int, 2> a;\nstd::vector<int> b;\n"),
              Complaints{"lib/pci/a.cpp:3: names std::vector and does not include <vector>"});
    EXPECT_EQ(names("auto a = fmt::format(b);").size(), 1U);
    EXPECT_EQ(names("TEST(A, B) {}").size(), 1U);
    EXPECT_EQ(names("#include <gtest/gtest.h>\nEXPECT_THAT(a, b);").size(), 1U);
}

TEST(NameRules, AcceptWhatTheFilesOwnHeaderIncludes) {
    EXPECT_EQ(names("std::vector<int> a;", "#include <vector>\n"), Complaints{});
}

TEST(NameRules, LookAtWholeNamesInCodeOnly) {
    EXPECT_EQ(names("// std::vector\nauto a = \"std::vector\";"), Complaints{});
    EXPECT_EQ(names("std::vector_of a; mystd::vector b; std::pmr::vector c; TESTS(d);"),
              Complaints{});
}

}  // namespace
}  // namespace slotd::house
