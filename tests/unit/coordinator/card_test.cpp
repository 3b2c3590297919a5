#include "coordinator/card.hpp"

#include <gtest/gtest.h>

#include "tests/fakes/fake_machine.hpp"

namespace slotd::coordinator {
namespace {

using fakes::at;

const pci::Address kPort = at("0000:00:02.0");

struct CardComparison : testing::Test {
    event::Observation seen = fakes::machine_with_one_slot().observe(kPort);
    Card known = Card::from(seen);
};

TEST_F(CardComparison, OfWhatIsKnownWithItselfIsTheSame) {
    EXPECT_EQ(compare(known, seen), CardChange::Same);
    EXPECT_EQ(why_not_verified(known, seen), "");
}

TEST_F(CardComparison, WithoutPresenceAndLinkIsGone) {
    seen.card_present = false;
    seen.link_active = false;

    EXPECT_EQ(compare(known, seen), CardChange::Gone);
}

// In-band presence flaps with the link, or the other way round: either bit keeps the card.
TEST_F(CardComparison, WithPresenceButNoLinkIsUnreachable) {
    seen.link_active = false;

    EXPECT_EQ(compare(known, seen), CardChange::Unreachable);
}

TEST_F(CardComparison, WithAllOnesIsUnreachableNotAnotherCard) {
    seen.functions[0].identity = pci::Identity{};

    EXPECT_EQ(compare(known, seen), CardChange::Unreachable);
}

TEST_F(CardComparison, WithEachFieldOfTheIdentityChangedIsAnotherCard) {
    const pci::Identity before = seen.functions[0].identity;
    for (const auto change :
         {+[](pci::Identity& id) { id.vendor = 1; }, +[](pci::Identity& id) { id.device = 1; },
          +[](pci::Identity& id) { id.subsystem_vendor = 1; },
          +[](pci::Identity& id) { id.subsystem_device = 1; },
          +[](pci::Identity& id) { id.class_code = 1; },
          +[](pci::Identity& id) { id.revision = 1; },
          +[](pci::Identity& id) { id.serial = 99; }}) {
        seen.functions[0].identity = before;
        change(seen.functions[0].identity);

        EXPECT_EQ(compare(known, seen), CardChange::Swapped);
    }
}

TEST_F(CardComparison, OfAnEmptySlotSeesACardThatCame) {
    event::Observation empty = seen;
    empty.card_present = false;
    empty.link_active = false;
    empty.functions.clear();

    EXPECT_EQ(compare(Card::from(empty), seen), CardChange::Came);
    EXPECT_EQ(compare(Card::from(empty), empty), CardChange::Same);
}

TEST_F(CardComparison, WhenThePortDoesNotAnswerSaysNothingAboutTheCard) {
    seen.port_answers = false;
    seen.card_present = false;
    seen.link_active = false;

    EXPECT_EQ(compare(known, seen), CardChange::Unreachable);
}

TEST_F(CardComparison, IsNotVerifiedWithoutItsDriver) {
    seen.functions[0].driver.clear();

    EXPECT_EQ(why_not_verified(known, seen), "0000:01:00.0 has driver none in place of e1000e");
}

TEST_F(CardComparison, IsNotVerifiedWithAWipedConfigSpace) {
    seen.functions[0].memory_decodes = false;

    EXPECT_EQ(why_not_verified(known, seen),
              "0000:01:00.0 does not decode memory: its config space was wiped");
}

TEST_F(CardComparison, IsNotVerifiedWhenAFunctionIsNotEnumerated) {
    seen.functions.clear();

    EXPECT_EQ(why_not_verified(known, seen), "0000:01:00.0 is not enumerated");
}

}  // namespace
}  // namespace slotd::coordinator
