// The corpus in the tree, played by every ordinary build: what was found once is not lost, and the
// targets go on compiling without clang.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

/// How a test of one target is called.
void PrintTo(const Target& target, std::ostream* out) {
    *out << target.name;
}

namespace {

namespace fs = std::filesystem;

// Room enough for every branch, small enough to be played and kept.
constexpr std::size_t kFilesMax = 100;
constexpr std::uintmax_t kBytesMax = 200'000;

fs::path corpus() {
    return fs::path(SLOTD_SOURCE_DIR) / "tests/fuzz/corpus";
}

std::vector<fs::path> files_of(const Target& target) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(corpus() / target.name)) {
        files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct FuzzCorpus : testing::TestWithParam<Target> {};

TEST_P(FuzzCorpus, BreaksNoProperty) {
    const std::vector<fs::path> files = files_of(GetParam());
    ASSERT_FALSE(files.empty());

    for (const fs::path& file : files) {
        try {
            GetParam().entry(bytes_of(content(file)));
        } catch (const std::exception& broken) {
            ADD_FAILURE() << file << ": " << broken.what();
        }
    }
}

TEST_P(FuzzCorpus, IsSmall) {
    const std::vector<fs::path> files = files_of(GetParam());
    std::uintmax_t bytes = 0;
    for (const fs::path& file : files) {
        bytes += fs::file_size(file);
    }

    EXPECT_LE(files.size(), kFilesMax);
    EXPECT_LE(bytes, kBytesMax);
}

INSTANTIATE_TEST_SUITE_P(Of, FuzzCorpus,
                         testing::ValuesIn(all_targets().begin(), all_targets().end()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(FuzzTargets, HaveACorpusEachAndNothingElseHasOne) {
    std::set<std::string> targets;
    for (const Target& target : all_targets()) {
        targets.insert(target.name);
    }
    std::set<std::string> directories;
    for (const auto& entry : fs::directory_iterator(corpus())) {
        directories.insert(entry.path().filename());
    }

    EXPECT_EQ(directories, targets);
}

// A target that lets everything pass would make all of this worthless.
TEST(FuzzTargets, SayWhereAPropertyDoesNotHold) {
    EXPECT_THROW(require(false, "two and two are five"), PropertyBroken);
    EXPECT_NO_THROW(require(true, "two and two are four"));
    EXPECT_FALSE(has_printable_lines("fine\nnot \x1b[31m fine"));
    EXPECT_TRUE(has_printable_lines("fine\nas well"));
}

}  // namespace
}  // namespace slotd::fuzz
