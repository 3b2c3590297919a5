#include "policy/ladder.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "event/request.hpp"

namespace slotd::policy {
namespace {

using event::ResetMethod;

const LadderQuestion kHealthySlot{
    .hotplug_slot = true, .functions = 1, .has_bridge = false, .answers = true, .frozen = false};

LadderQuestion with(LadderQuestion question, void (*change)(LadderQuestion&)) {
    change(question);
    return question;
}

TEST(RecoveryLadder, OfAFrozenCardThatAnswersIsReenumerationAlone) {
    const Ladder ladder = recovery_ladder(with(kHealthySlot, [](auto& q) { q.frozen = true; }));

    EXPECT_EQ(ladder.rungs, (std::vector{Rung::Reenumerate}));
    ASSERT_EQ(ladder.skipped.size(), 1U);
    EXPECT_NE(ladder.skipped[0].reason.find("frozen"), std::string::npos);
}

TEST(RecoveryLadder, OfASilentCardResetsTheSlotFirstEvenIfItIsFrozen) {
    const Ladder ladder = recovery_ladder(with(kHealthySlot, [](auto& q) {
        q.frozen = true;
        q.answers = false;
    }));

    EXPECT_EQ(ladder, (Ladder{{Rung::BusReset, Rung::Reenumerate}, {}}));
}

TEST(RecoveryLadder, NeverResetsABusWithSeveralFunctions) {
    const Ladder ladder = recovery_ladder(with(kHealthySlot, [](auto& q) {
        q.answers = false;
        q.functions = 2;
    }));

    EXPECT_EQ(ladder.rungs, (std::vector{Rung::Reenumerate}));
}

TEST(RequestedLadder, AutoIsSlotOrBusResetThenReenumeration) {
    EXPECT_EQ(requested_ladder(kHealthySlot, ResetMethod::Auto),
              (Ladder{{Rung::BusReset, Rung::Reenumerate}, {}}));
}

TEST(RequestedLadder, AutoOfASwitchIsReenumeration) {
    const Ladder ladder = requested_ladder(with(kHealthySlot, [](auto& q) { q.has_bridge = true; }),
                                           ResetMethod::Auto);

    EXPECT_EQ(ladder.rungs, (std::vector{Rung::Reenumerate}));
}

TEST(RequestedLadder, SlotOnAPortWithoutSlotIsRefusedWithWhatToAskForInstead) {
    const Ladder ladder = requested_ladder(
        with(kHealthySlot, [](auto& q) { q.hotplug_slot = false; }), ResetMethod::Slot);

    EXPECT_EQ(
        ladder,
        (Ladder{{}, {{Rung::BusReset, "the port has no hot-plug slot; ask for bus instead"}}}));
}

TEST(RequestedLadder, AnExplicitMethodIsOneRungAndNoFallback) {
    EXPECT_EQ(requested_ladder(kHealthySlot, ResetMethod::Flr).rungs,
              (std::vector{Rung::FunctionReset}));
    EXPECT_EQ(requested_ladder(kHealthySlot, ResetMethod::Bus).rungs,
              (std::vector{Rung::BusReset}));
    EXPECT_EQ(requested_ladder(kHealthySlot, ResetMethod::Reenumerate).rungs,
              (std::vector{Rung::Reenumerate}));
}

TEST(RequestedLadder, OfAnEmptySlotHasNothingToReset) {
    const LadderQuestion empty = with(kHealthySlot, [](auto& q) { q.functions = 0; });

    EXPECT_TRUE(requested_ladder(empty, ResetMethod::Flr).rungs.empty());
    EXPECT_TRUE(requested_ladder(empty, ResetMethod::Bus).rungs.empty());
}

TEST(Rung, IsReadBackFromItsText) {
    for (const Rung rung : {Rung::FunctionReset, Rung::SlotReset, Rung::BusReset, Rung::VfioReset,
                            Rung::Reenumerate, Rung::Quarantine}) {
        EXPECT_EQ(rung_from_text(to_text(rung)), rung);
    }
    EXPECT_EQ(rung_from_text("unknown"), std::nullopt);
}

}  // namespace
}  // namespace slotd::policy
