#include "tests/house/include_rules.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/house/source_file.hpp"

namespace slotd::house {
namespace {

const Modules kModules{{"base", {}}, {"pci", {"base"}}, {"os", {"base", "pci"}}};

Complaints check(const std::string& path, const std::string& text) {
    return check_includes(SourceFile(path, text), kModules);
}

TEST(IncludeRules, LetAModuleKnowItselfItsDependenciesAndTheLanguage) {
    EXPECT_EQ(check("lib/pci/a.cpp",
                    "#include \"pci/a.hpp\"\n#include \"base/result.hpp\"\n"
                    "#include <string_view>\n#include <fmt/core.h>\n"),
              Complaints{});
}

TEST(IncludeRules, CatchADependencyTheWrongWay) {
    EXPECT_EQ(check("lib/base/a.cpp", "\n#include \"pci/a.hpp\"\n"),
              Complaints{"lib/base/a.cpp:2: base must not know \"pci/a.hpp\": lib/CMakeLists.txt "
                         "gives it no dependency on pci"});
}

TEST(IncludeRules, CatchALibraryThatKnowsTheDaemonOrTests) {
    EXPECT_EQ(check("lib/os/a.cpp", "#include \"daemon/main.hpp\"\n").size(), 1U);
    EXPECT_EQ(check("lib/os/a.cpp", "#include \"tests/fakes/a.hpp\"\n").size(), 1U);
}

TEST(IncludeRules, CatchADaemonThatKnowsTests) {
    EXPECT_EQ(check("daemon/a.cpp", "#include \"daemon/b.hpp\"\n#include \"os/b.hpp\"\n"),
              Complaints{});
    EXPECT_EQ(check("daemon/a.cpp", "#include \"tests/fakes/a.hpp\"\n"),
              Complaints{"daemon/a.cpp:1: the daemon must not know \"tests/fakes/a.hpp\""});
}

TEST(IncludeRules, CatchAPathThatIsRelative) {
    EXPECT_EQ(
        check("tests/unit/pci/a.cpp", "#include \"a.hpp\"\n"),
        Complaints{"tests/unit/pci/a.cpp:1: \"a.hpp\" is no path from lib/ or the repository"});
}

TEST(IncludeRules, CatchHeadersOfTheSystemInAPureModule) {
    for (const std::string header : {"unistd.h", "sys/stat.h", "fcntl.h", "libudev.h",
                                     "systemd/sd-event.h", "pci/pci.h", "linux/netlink.h"}) {
        const std::string include = "#include <" + header + ">\n";
        EXPECT_EQ(check("lib/pci/a.cpp", include),
                  Complaints{"lib/pci/a.cpp:1: <" + header + "> belongs into lib/os or daemon"});
        EXPECT_EQ(check("lib/os/a.cpp", include), Complaints{});
        EXPECT_EQ(check("daemon/a.cpp", include), Complaints{});
        EXPECT_EQ(check("tests/unit/os/a.cpp", include), Complaints{});
    }
}

TEST(IncludeRules, CatchImpureHeadersOfTheLanguage) {
    EXPECT_EQ(check("lib/pci/a.cpp", "#include <thread>\n"),
              Complaints{"lib/pci/a.cpp:1: <thread> has no place in a pure module"});
    EXPECT_EQ(check("lib/pci/a.cpp", "#include <nlohmann/json.hpp>\n"),
              Complaints{
                  "lib/pci/a.cpp:1: JSON belongs into base, evidence, replay, control and report"});
}

TEST(IncludeRules, CatchAModuleThatNobodyKnows) {
    EXPECT_EQ(check("lib/surprise/a.cpp", "#include \"base/a.hpp\"\n"),
              Complaints{"lib/surprise/a.cpp:1: module surprise is not in lib/CMakeLists.txt"});
}

TEST(IncludeRules, SeeNoIncludeInAComment) {
    EXPECT_EQ(check("lib/base/a.cpp", "// #include \"pci/a.hpp\"\n/*\n#include <unistd.h>\n*/\n"),
              Complaints{});
}

TEST(IncludeRules, ReadTheModulesFromCmake) {
    Complaints complaints;

    const Modules modules = modules_of_cmake(
        "# slotd_library(none)\nslotd_library(base LIBRARIES fmt::fmt)\n"
        "slotd_library(pci DEPENDS base)\nslotd_library(os DEPENDS base pci\n    LIBRARIES x)\n",
        complaints);

    EXPECT_EQ(modules, kModules);
    EXPECT_EQ(complaints, Complaints{});
}

TEST(IncludeRules, CatchACycleInCmake) {
    Complaints complaints;

    (void)modules_of_cmake("slotd_library(base DEPENDS pci)\nslotd_library(pci DEPENDS pci base)\n",
                           complaints);

    EXPECT_EQ(
        complaints,
        (Complaints{"lib/CMakeLists.txt: base depends on pci, which does not come before it",
                    "lib/CMakeLists.txt: pci depends on pci, which does not come before it"}));
}

TEST(IncludeRules, ReadTheModulesFromTheArchitecture) {
    EXPECT_EQ(modules_of_architecture("# text\n| module | what | knows |\n|---|---|---|\n"
                                      "| `base` | a `Result` | - |\n| `pci` | x | base |\n"
                                      "| `os` | y | base pci |\n"),
              kModules);
}

}  // namespace
}  // namespace slotd::house
