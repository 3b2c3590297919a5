// The rules of the house over the whole repository. What each rule catches is shown in the other
// tests.

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/house/exemptions.hpp"
#include "tests/house/header_rules.hpp"
#include "tests/house/include_rules.hpp"
#include "tests/house/name_rules.hpp"
#include "tests/house/purity_rules.hpp"
#include "tests/house/size_rules.hpp"
#include "tests/house/source_file.hpp"

namespace slotd::house {
namespace {

std::string report(const Complaints& complaints) {
    std::string text;
    for (const std::string& one : complaints) {
        text += one + "\n";
    }
    return text;
}

template <class Check>
Complaints over_all(Check check) {
    Complaints complaints;
    for (const SourceFile& file : sources_of_repository()) {
        std::ranges::move(check(file), std::back_inserter(complaints));
    }
    return complaints;
}

/// Applies a size rule with its exemptions; an exemption without a complaint is one.
Complaints with_exemptions(std::string_view rule, Complaints (*check)(const SourceFile&)) {
    return over_all([&](const SourceFile& file) {
        Complaints complaints = check(file);
        for (const Exemption& exempt : kExemptions) {
            if (exempt.rule == rule && exempt.path == file.path) {
                return complaints.empty() ? Complaints{file.path + ": needs no exemption any more"}
                                          : Complaints{};
            }
        }
        return complaints;
    });
}

TEST(Repository, HasSourcesToCheck) {
    EXPECT_GT(sources_of_repository().size(), 50U);
}

TEST(Repository, KeepsTheOneWayOrderOfItsModules) {
    Complaints complaints;
    const Modules modules = modules_of_cmake(repository_text("lib/CMakeLists.txt"), complaints);
    ASSERT_TRUE(modules.contains("base") && modules.contains("os"));
    std::ranges::move(
        over_all([&](const SourceFile& file) { return check_includes(file, modules); }),
        std::back_inserter(complaints));

    EXPECT_TRUE(complaints.empty()) << report(complaints);
}

TEST(Repository, WritesTheSameOrderIntoItsArchitecture) {
    Complaints complaints;
    const Modules modules = modules_of_cmake(repository_text("lib/CMakeLists.txt"), complaints);

    EXPECT_EQ(modules_of_architecture(repository_text("docs/architecture.md")), modules)
        << "docs/architecture.md and lib/CMakeLists.txt differ";
}

TEST(Repository, IncludesWhatItNames) {
    const Complaints complaints = over_all([](const SourceFile& file) {
        if (file.path.starts_with("tests/lab/guest/")) {
            return Complaints{};  // the lab builds them, and precompiles nothing
        }
        const std::string stem = file.path.substr(0, file.path.rfind('.'));
        return check_names(file, file.is_header() ? "" : repository_text(stem + ".hpp"));
    });

    EXPECT_TRUE(complaints.empty()) << report(complaints);
}

TEST(Repository, KeepsLinesWithinTheirColumns) {
    const Complaints complaints = with_exemptions("columns", check_columns);

    EXPECT_TRUE(complaints.empty()) << report(complaints);
}

TEST(Repository, KeepsFunctionsShort) {
    const Complaints complaints = with_exemptions("functions", check_functions);

    EXPECT_TRUE(complaints.empty()) << report(complaints);
}

TEST(Repository, KeepsFilesShort) {
    const Complaints complaints = with_exemptions("length", check_length);

    EXPECT_TRUE(complaints.empty()) << report(complaints);
}

TEST(Repository, KeepsItsPureModulesPure) {
    const Complaints complaints = over_all(check_purity);

    EXPECT_TRUE(complaints.empty()) << report(complaints);
}

TEST(Repository, DecidesEveryCaseOfTheCoordinatorByName) {
    const Complaints complaints = over_all(check_decisions);

    EXPECT_TRUE(complaints.empty()) << report(complaints);
}

TEST(Repository, SaysInItsHeadersWhatThingsAre) {
    const Complaints complaints = over_all(check_header);

    EXPECT_TRUE(complaints.empty()) << report(complaints);
}

}  // namespace
}  // namespace slotd::house
