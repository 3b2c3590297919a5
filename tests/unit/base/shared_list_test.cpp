#include "base/shared_list.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace slotd {
namespace {

using List = SharedList<std::string>;

TEST(SharedList, HoldsWhatItWasMadeOf) {
    const List list{"one", "two"};

    EXPECT_EQ(list.size(), 2U);
    EXPECT_EQ(list.front(), "one");
    EXPECT_EQ(list[1], "two");
    EXPECT_EQ(std::accumulate(list.begin(), list.end(), std::string()), "onetwo");
    const std::span<const std::string> seen = list;
    EXPECT_EQ(seen.back(), "two");
}

TEST(SharedList, AnEmptyOneIsLikeEveryOther) {
    const List list;

    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.begin(), list.end());
    EXPECT_EQ(list, List(std::vector<std::string>{}));
}

TEST(SharedList, CopiesAreOneInMemoryAndEqualIsWhatHoldsTheSame) {
    const List list{"one"};
    const List copy = list;

    EXPECT_EQ(copy.data(), list.data());
    EXPECT_EQ(copy, list);
    const List same{"one"};
    EXPECT_NE(same.data(), list.data());
    EXPECT_EQ(same, list);
    EXPECT_NE(list, (List{"one", "two"}));
    EXPECT_NE(list, (List{"two"}));
}

}  // namespace
}  // namespace slotd
