#include "control/framing.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slotd::control {
namespace {

using namespace std::string_literals;

std::vector<std::string> all_of(Framing& framing) {
    std::vector<std::string> messages;
    while (auto message = framing.next()) {
        messages.push_back(*message);
    }
    return messages;
}

// However the bytes are cut into reads, the messages are the same.
TEST(Framing, GivesTheSameMessagesForEveryCut) {
    const std::string stream = "{\"a\":1}\0\0{}\0rest"s;
    const std::vector<std::string> expected{"{\"a\":1}", "", "{}"};
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        Framing framing(64);

        framing.push(std::string_view(stream).substr(0, cut));
        std::vector<std::string> messages = all_of(framing);
        framing.push(std::string_view(stream).substr(cut));
        for (std::string& message : all_of(framing)) {
            messages.push_back(std::move(message));
        }

        EXPECT_EQ(messages, expected) << "cut at " << cut;
        EXPECT_EQ(framing.waiting(), 4U);
        EXPECT_FALSE(framing.broken());
    }
}

TEST(Framing, TakesOneByteAtATime) {
    Framing framing(8);
    std::vector<std::string> messages;
    for (const char byte : "abc\0de\0"s) {
        framing.push(std::string_view(&byte, 1));
        for (std::string& message : all_of(framing)) {
            messages.push_back(std::move(message));
        }
    }

    EXPECT_EQ(messages, (std::vector<std::string>{"abc", "de"}));
}

TEST(Framing, TakesAMessageOfExactlyTheBound) {
    Framing framing(8);

    framing.push("12345678\0"s);

    EXPECT_EQ(framing.next(), "12345678");
}

// The end of a message that is too long need not be awaited, nor stored.
TEST(Framing, BreaksOneByteAboveTheBoundWithOrWithoutItsEnd) {
    for (const std::string& stream : {"123456789"s, "123456789\0"s}) {
        Framing framing(8);

        framing.push(stream);

        EXPECT_EQ(framing.next(), std::nullopt);
        EXPECT_TRUE(framing.broken());
        EXPECT_EQ(framing.waiting(), 0U);
    }
}

TEST(Framing, StaysBroken) {
    Framing framing(4);
    framing.push("12345");
    (void)framing.next();

    framing.push("\0{}\0"s);

    EXPECT_EQ(framing.next(), std::nullopt);
    EXPECT_FALSE(framing.has_message());
    EXPECT_EQ(framing.waiting(), 0U);
}

TEST(Framing, HandsOutWhatCameBeforeAMessageThatIsTooLong) {
    Framing framing(4);

    framing.push("ok\0too long"s);

    EXPECT_EQ(framing.next(), "ok");
    EXPECT_EQ(framing.next(), std::nullopt);
    EXPECT_TRUE(framing.broken());
}

}  // namespace
}  // namespace slotd::control
