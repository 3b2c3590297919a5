#include "coordinator/turns.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

#include "tests/fakes/fake_machine.hpp"

namespace slotd::coordinator {
namespace {

using fakes::at;

const pci::Address kOuter = at("0000:00:03.0");
const pci::Address kInner = at("0000:03:00.0");
const pci::Address kOther = at("0000:00:02.0");

/// Outer and inner overlap; the other stands alone.
bool nested(const pci::Address& one, const pci::Address& other) {
    return one != kOther && other != kOther;
}

std::optional<Turns::Obstacle> nothing(const pci::Address&) {
    return std::nullopt;
}

TEST(Turns, AreGivenToOneOfThoseThatConflict) {
    Turns turns;
    turns.ask(kOuter);
    turns.ask(kInner);

    EXPECT_EQ(turns.decide(nested, nothing), (Turns::Decision{kOuter, std::nullopt}));
    EXPECT_EQ(turns.decide(nested, nothing), std::nullopt);
    turns.release(kOuter);
    EXPECT_EQ(turns.decide(nested, nothing), (Turns::Decision{kInner, std::nullopt}));
}

// Who has yet to take the token of a domain would be waited for by whoever came before.
TEST(Turns, AreGivenFirstToWhoeverTheOthersWaitFor) {
    Turns turns;
    turns.ask(kOuter);
    turns.ask(kInner, true);

    EXPECT_EQ(turns.decide(nested, nothing), (Turns::Decision{kInner, std::nullopt}));
    EXPECT_EQ(turns.decide(nested, nothing), std::nullopt);
}

TEST(Turns, OfUnrelatedSlotsAreGivenAtOnce) {
    Turns turns;
    turns.ask(kOuter);
    turns.ask(kOther);

    EXPECT_TRUE(turns.decide(nested, nothing).has_value());
    EXPECT_TRUE(turns.decide(nested, nothing).has_value());
}

TEST(Turns, AreNotOvertakenByALaterOneThatConflicts) {
    Turns turns;
    turns.ask(kOuter);
    turns.ask(kInner);
    const auto outer_is_busy = [](const pci::Address& port) -> std::optional<Turns::Obstacle> {
        return port == kOuter ? std::optional(Turns::Obstacle{false, "kernel"}) : std::nullopt;
    };

    EXPECT_EQ(turns.decide(nested, outer_is_busy), std::nullopt);
}

TEST(Turns, AreRefusedWhereWaitingWouldNotEnd) {
    Turns turns;
    turns.ask(kOuter);
    const auto wedged = [](const pci::Address&) {
        return std::optional(Turns::Obstacle{true, "neighbour is wedged"});
    };

    EXPECT_EQ(turns.decide(nested, wedged), (Turns::Decision{kOuter, "neighbour is wedged"}));
    EXPECT_FALSE(turns.asked());
}

TEST(Turns, AskedForTwiceAreGivenOnce) {
    Turns turns;
    turns.ask(kOther);
    turns.ask(kOther);

    EXPECT_TRUE(turns.decide(nested, nothing).has_value());
    EXPECT_FALSE(turns.asked());
}

}  // namespace
}  // namespace slotd::coordinator
