#include "base/flat_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace slotd {
namespace {

using Map = FlatMap<int, std::string>;

Map made(const std::vector<int>& keys) {
    Map map;
    for (const int key : keys) {
        map.put(key, std::to_string(key));
    }
    return map;
}

std::vector<std::pair<int, std::string>> all_of(const Map& map) {
    return {map.begin(), map.end()};
}

TEST(FlatMap, IsInTheOrderOfItsKeysHoweverTheyCame) {
    const Map map = made({5, 1, 9, 3});

    EXPECT_EQ(all_of(map),
              (std::vector<std::pair<int, std::string>>{{1, "1"}, {3, "3"}, {5, "5"}, {9, "9"}}));
    EXPECT_EQ(map.size(), 4U);
    EXPECT_EQ(std::next(map.begin(), 2)->first, 5);
    EXPECT_TRUE(std::ranges::any_of(map, [](const auto& one) { return one.second == "9"; }));
}

TEST(FlatMap, FindsWhatIsThereAndNothingElse) {
    const Map map = made({5, 1, 9});

    EXPECT_EQ(map.at(5), "5");
    EXPECT_EQ(map.find(9)->second, "9");
    for (const int missing : {0, 2, 6, 10}) {
        EXPECT_EQ(map.find(missing), map.end()) << missing;
        EXPECT_FALSE(map.contains(missing)) << missing;
    }
}

TEST(FlatMap, FindsTheSameWhateverIdeaOfThePlaceOneHas) {
    Map map = made({5, 1, 9});

    for (const std::size_t idea : {0U, 1U, 2U, 3U, 1000U}) {
        EXPECT_EQ(map.find(5, idea), map.find(5)) << idea;
        EXPECT_EQ(map.find(6, idea), map.end()) << idea;
    }
}

TEST(FlatMap, AValueStaysWhereItIsWhileOthersComeAndGo) {
    Map map = made({5});
    const std::string* const five = &map.at(5);
    for (int key = 0; key < 100; ++key) {
        if (key != 5) {
            map.put(key, "other");
        }
    }
    map.erase(4);
    map.erase(1000);

    EXPECT_EQ(&map.at(5), five);
    EXPECT_EQ(*five, "5");
    EXPECT_EQ(map.size(), 99U);
    EXPECT_FALSE(map.contains(4));
}

TEST(FlatMap, PutsInThePlaceOfWhatIsThere) {
    Map map = made({1, 2});

    map.put(2, "another") += " one";

    EXPECT_EQ(all_of(map),
              (std::vector<std::pair<int, std::string>>{{1, "1"}, {2, "another one"}}));
}

TEST(FlatMap, ACopyHasItsOwn) {
    Map one = made({1, 2});
    Map other = one;
    other.at(1) = "other";
    other.erase(2);

    EXPECT_EQ(all_of(one), (std::vector<std::pair<int, std::string>>{{1, "1"}, {2, "2"}}));
    EXPECT_EQ(all_of(other), (std::vector<std::pair<int, std::string>>{{1, "other"}}));
    one = other;
    EXPECT_EQ(all_of(one), all_of(other));
}

}  // namespace
}  // namespace slotd
