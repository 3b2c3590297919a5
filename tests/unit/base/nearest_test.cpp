#include "base/nearest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace slotd {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsAndReplacements) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("levle", "level"), 2U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
    EXPECT_EQ(edit_distance("3B:00.0", "3b:00.0"), 0U);
}

TEST(EditDistance, IsBoundedForTextsOfAnyLength) {
    EXPECT_EQ(edit_distance(std::string(100000, 'a'), std::string(100000, 'b')), 64U);
}

}  // namespace
}  // namespace slotd
