#include "tests/house/purity_rules.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/house/header_rules.hpp"
#include "tests/house/source_file.hpp"

namespace slotd::house {
namespace {

Complaints purity(const std::string& text, const std::string& path = "lib/pci/a.cpp") {
    return check_purity(SourceFile(path, text));
}

Complaints decisions(const std::string& text,
                     const std::string& path = "lib/coordinator/step_idle.cpp") {
    return check_decisions(SourceFile(path, text));
}

Complaints header(const std::string& text, const std::string& path = "lib/pci/a.hpp") {
    return check_header(SourceFile(path, text));
}

TEST(PurityRules, CatchEveryBannedCall) {
    for (const std::string code : {"std::chrono::steady_clock::now()",
                                   "std::chrono::system_clock::now()",
                                   "::clock_gettime(0, 0)",
                                   "std::getenv(\"HOME\")",
                                   "std::fopen(a, b)",
                                   "std::ifstream f(a)",
                                   "std::ofstream f(a)",
                                   "std::cout << 1",
                                   "std::cerr << 1",
                                   "printf(a)",
                                   "std::fprintf(a, b)",
                                   "sscanf(a, b)",
                                   "std::stoi(a)",
                                   "std::stoull(a)",
                                   "atoi(a)",
                                   "strtoul(a, b, 0)",
                                   "std::thread t",
                                   "std::jthread t",
                                   "std::mutex m",
                                   "std::async(f)",
                                   "sleep(1)",
                                   "std::this_thread::sleep_for(a)",
                                   "rand()",
                                   "std::random_device r",
                                   "new int",
                                   "delete a",
                                   "throw 1",
                                   "malloc(1)"}) {
        EXPECT_EQ(purity("void f() {\n    " + code + ";\n}\n").size(), 1U) << code;
    }
}

TEST(PurityRules, NameTheLineAndTheWayOut) {
    EXPECT_EQ(purity("\nint f() { throw 1; }\n"),
              Complaints{"lib/pci/a.cpp:2: throw: an operating error is a value, a mistake of ours "
                         "SLOTD_ASSERT"});
}

TEST(PurityRules, LeaveWordsAloneThatOnlyLookLikeIt) {
    EXPECT_EQ(purity("// throw new mutex\nconst char* a = \"printf\";\nA(const A&) = delete;\n"
                     "int renew = stop + thread_count + operand + sleeping + deleted;\n"
                     "budget.free = restore(2);\n"),
              Complaints{});
}

TEST(PurityRules, HoldForThePureModulesOnly) {
    EXPECT_EQ(purity("throw 1;", "lib/os/a.cpp"), Complaints{});
    EXPECT_EQ(purity("throw 1;", "daemon/a.cpp"), Complaints{});
    EXPECT_EQ(purity("throw 1;", "tests/unit/pci/a.cpp"), Complaints{});
    EXPECT_EQ(purity("throw 1;", "lib/base/assert.cpp").size(), 1U);
    EXPECT_EQ(purity("std::fprintf(stderr, a);", "lib/base/assert.cpp"), Complaints{});
}

TEST(DecisionRules, CatchADefaultInTheCoordinator) {
    const std::string code = "switch (a) {\n    default:\n}\n";
    EXPECT_EQ(decisions(code),
              Complaints{"lib/coordinator/step_idle.cpp:2: default: name every case"});
    EXPECT_EQ(decisions(code, "lib/coordinator/slot.cpp").size(), 1U);
    EXPECT_EQ(decisions(code, "lib/pci/a.cpp"), Complaints{});
}

TEST(DecisionRules, CatchAnArmForAnything) {
    for (const std::string arm :
         {"[&](const auto& event) {", "[](auto) {", "[&](auto&& event) {"}) {
        EXPECT_EQ(decisions("    " + arm + "\n"),
                  Complaints{"lib/coordinator/step_idle.cpp:1: an arm for auto: name what changes "
                             "nothing with OneOf"})
            << arm;
    }
}

TEST(DecisionRules, LeaveNamedArmsAndAlgorithmsAlone) {
    EXPECT_EQ(decisions("    [&](const OneOf<A, B> auto&) { return unchanged; },\n"
                        "    [&](const LinkWentDown& event) {\n"
                        "    std::ranges::any_of(seen, [](const auto& one) { return one.up; });\n"),
              Complaints{});
    EXPECT_EQ(decisions("    [](const auto& one) {\n", "lib/coordinator/coordinator.cpp"),
              Complaints{});
}

TEST(HeaderRules, AcceptAHeaderThatSaysWhatThingsAre) {
    EXPECT_EQ(header("#pragma once\n\nnamespace a {\n\nclass Later;\n\n/// A port.\nstruct Port {\n"
                     "    struct Inner {\n    };\n};\n\n/// A list.\ntemplate <class T>\n"
                     "class List {\n};\n}\n"),
              Complaints{});
}

TEST(HeaderRules, CatchAHeaderWithoutPragmaOnce) {
    EXPECT_EQ(header("#include <string>\n"),
              Complaints{"lib/pci/a.hpp:1: a header starts with #pragma once"});
    EXPECT_EQ(header("").size(), 1U);
}

TEST(HeaderRules, CatchAClassWithoutAComment) {
    EXPECT_EQ(header("#pragma once\n\nclass Port {\n};\n"),
              Complaints{"lib/pci/a.hpp:3: say in a /// comment what class Port { is"});
    EXPECT_EQ(header("#pragma once\n// Port.\nclass Port {\n};\n").size(), 1U);
    EXPECT_EQ(header("#pragma once\ntemplate <class T>\nclass List {\n};\n").size(), 1U);
}

TEST(HeaderRules, CatchAStructThatIsMoreThanAFewFields) {
    const std::string fields = "    int a;\n    int b;\n    int c;\n    int d;\n    int e;\n";
    EXPECT_EQ(header("#pragma once\nstruct Port {\n" + fields + "};\n"), Complaints{});
    EXPECT_EQ(header("#pragma once\nstruct Port {\n" + fields + "    int f;\n};\n").size(), 1U);
}

TEST(HeaderRules, HoldForHeadersOfTheLibraryOnly) {
    EXPECT_EQ(header("struct A {\n};\n", "lib/pci/a.cpp"), Complaints{});
    EXPECT_EQ(header("struct A {\n};\n", "daemon/a.hpp"), Complaints{});
}

}  // namespace
}  // namespace slotd::house
