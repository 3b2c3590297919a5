#include "base/json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace slotd {
namespace {

std::string problem_of(std::string_view text) {
    const auto object = parse_json_object(text);
    return object ? "none" : object.error().context;
}

std::string with_key_twice(const std::string& key) {
    return "{\"" + key + "\":1,\"" + key + "\":2}";
}

TEST(Json, NamesAKeyThatStandsTwiceWithoutWhatWouldMoveOrColourAScreen) {
    EXPECT_EQ(problem_of(with_key_twice("slot")), R"(key "slot" stands twice in one object)");
    EXPECT_EQ(problem_of(with_key_twice(R"(\u001b[31m\u0000)")),
              R"(key "\u001b[31m\u0000" stands twice in one object)");
    EXPECT_EQ(problem_of(with_key_twice(R"(\u202ea\u009b)")),
              R"(key "\u202ea\u009b" stands twice in one object)");
}

TEST(Json, CutsTheNameOfALongKeyAndWhatTheCutLeavesOfALetterIsReplaced) {
    const std::string before(63, 'a');
    EXPECT_EQ(problem_of(with_key_twice(before + "\u00e9 and more")),
              "key \"" + before + "\\ufffd\" stands twice in one object");
}

}  // namespace
}  // namespace slotd
