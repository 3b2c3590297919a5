#include "base/boxed.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace slotd {
namespace {

TEST(Boxed, IsAsWideAsAPointerAndEmptyUntilSomethingIsPutIn) {
    static_assert(sizeof(Boxed<std::string>) == sizeof(void*));
    Boxed<std::string> box;
    EXPECT_FALSE(box);

    box = std::string("something");

    ASSERT_TRUE(box);
    EXPECT_EQ(*box, "something");
    EXPECT_EQ(box->size(), 9U);
    box.reset();
    EXPECT_FALSE(box.has_value());
}

TEST(Boxed, ACopyHasItsOwn) {
    Boxed<std::string> one = std::string("one");
    Boxed<std::string> other = one;
    other->append(" more");

    EXPECT_EQ(*one, "one");
    EXPECT_EQ(*other, "one more");
    other = one;
    EXPECT_EQ(*other, "one");
    const Boxed<std::string>& itself = one;
    one = itself;
    EXPECT_EQ(*one, "one");
}

TEST(Boxed, EqualIsWhatHoldsTheSameOrNothing) {
    const Boxed<std::string> one = std::string("one");

    EXPECT_EQ(one, Boxed<std::string>(std::string("one")));
    EXPECT_NE(one, Boxed<std::string>(std::string("two")));
    EXPECT_NE(one, Boxed<std::string>());
    EXPECT_EQ(Boxed<std::string>(), Boxed<std::string>());
}

TEST(Boxed, IsEmptyOnceItIsMovedFrom) {
    Boxed<std::string> one = std::string("one");

    const Boxed<std::string> other = std::move(one);

    EXPECT_FALSE(one);  // NOLINT(bugprone-use-after-move): that is what is asked
    EXPECT_EQ(*other, "one");
}

}  // namespace
}  // namespace slotd
