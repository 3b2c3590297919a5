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

TEST(RecoveryLadder, OfAFrozenCardIsReenumerationAndSaysWhyNothingGentler) {
    const Ladder ladder =
        recovery_ladder(with(kHealthySlot, [](auto& q) { q.frozen = true; }), all_rungs());

    EXPECT_EQ(ladder.rungs, (std::vector{Rung::Reenumerate, Rung::Quarantine}));
    ASSERT_EQ(ladder.skipped.size(), 4U);
    EXPECT_NE(ladder.skipped[0].reason.find("frozen"), std::string::npos);
    EXPECT_NE(ladder.skipped[1].reason.find("frozen"), std::string::npos);
    EXPECT_NE(ladder.skipped[2].reason.find("in a hot-plug slot"), std::string::npos);
    EXPECT_NE(ladder.skipped[3].reason.find("single function"), std::string::npos);
}

TEST(RecoveryLadder, OfASilentCardResetsTheSlotFirst) {
    const Ladder ladder =
        recovery_ladder(with(kHealthySlot, [](auto& q) { q.answers = false; }), all_rungs());

    EXPECT_EQ(ladder.rungs, (std::vector{Rung::SlotReset, Rung::Reenumerate, Rung::Quarantine}));
}

TEST(RecoveryLadder, OfAWipedCardHasNoBareReset) {
    const Ladder ladder =
        recovery_ladder(with(kHealthySlot, [](auto& q) { q.wiped = true; }), all_rungs());

    EXPECT_EQ(ladder.rungs, (std::vector{Rung::Reenumerate, Rung::Quarantine}));
}

TEST(RecoveryLadder, NeverResetsABusWithSeveralFunctionsButByVfio) {
    const Ladder ladder =
        recovery_ladder(with(kHealthySlot, [](auto& q) { q.functions = 2; }), all_rungs());

    EXPECT_EQ(ladder.rungs, (std::vector{Rung::FunctionReset, Rung::VfioReset, Rung::Reenumerate,
                                         Rung::Quarantine}));
}

TEST(RecoveryLadder, KeepsTheOrderOfThePolicyAndNothingElse) {
    const Ladder ladder = recovery_ladder(kHealthySlot, {Rung::Reenumerate, Rung::SlotReset});

    EXPECT_EQ(ladder, (Ladder{{Rung::Reenumerate, Rung::SlotReset}, {}}));
}

TEST(RequestedLadder, AutoIsSlotOrBusResetThenReenumeration) {
    EXPECT_EQ(requested_ladder(kHealthySlot, ResetMethod::Auto),
              (Ladder{{Rung::SlotReset, Rung::Reenumerate}, {}}));
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
        (Ladder{{}, {{Rung::SlotReset, "the port has no hot-plug slot; ask for bus instead"}}}));
}

TEST(RequestedLadder, AnExplicitMethodIsOneRungAndNoFallback) {
    EXPECT_EQ(requested_ladder(kHealthySlot, ResetMethod::Flr).rungs,
              (std::vector{Rung::FunctionReset}));
    EXPECT_EQ(requested_ladder(kHealthySlot, ResetMethod::Vfio).rungs,
              (std::vector{Rung::VfioReset}));
    EXPECT_EQ(requested_ladder(kHealthySlot, ResetMethod::Reenumerate).rungs,
              (std::vector{Rung::Reenumerate}));
}

TEST(RequestedLadder, OfACardInASlotByBusIsTheSlotReset) {
    EXPECT_EQ(requested_ladder(kHealthySlot, ResetMethod::Bus).rungs,
              (std::vector{Rung::SlotReset}));
}

TEST(RequestedLadder, OfSeveralFunctionsIsVfioBeforeReenumeration) {
    const LadderQuestion two = with(kHealthySlot, [](auto& q) { q.functions = 2; });

    EXPECT_EQ(requested_ladder(two, ResetMethod::Auto).rungs,
              (std::vector{Rung::VfioReset, Rung::Reenumerate}));
    EXPECT_EQ(requested_ladder(two, ResetMethod::Slot).rungs, (std::vector{Rung::VfioReset}));
}

TEST(RequestedLadder, WithLentDescriptorsTakesNothingElse) {
    const LadderQuestion lent = with(kHealthySlot, [](auto& q) { q.lent = true; });

    EXPECT_EQ(requested_ladder(lent, ResetMethod::Auto).rungs, (std::vector{Rung::VfioReset}));
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
