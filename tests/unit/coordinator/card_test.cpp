#include "coordinator/card.hpp"

#include <gtest/gtest.h>

#include <vector>

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

// An administrator's removal looks the same; whether something is to be done is not decided here.
TEST_F(CardComparison, WithoutItsFunctionsIsACardThatCame) {
    event::Observation removed = seen;
    removed.functions.clear();

    EXPECT_EQ(compare(known, removed), CardChange::Came);
    EXPECT_EQ(compare(Card::from(removed), removed), CardChange::Same);
}

TEST_F(CardComparison, OfFunctionsThatNoCardAnswersForIsGoneHoweverEmptyTheSlotWas) {
    event::Observation empty = seen;
    empty.card_present = false;
    empty.link_active = false;
    known = Card::from(empty);

    EXPECT_EQ(compare(known, empty), CardChange::Gone);
}

TEST_F(CardComparison, WithASerialNumberWhereThereWasNoneIsAnotherCard) {
    known.functions[0].identity.serial.reset();

    EXPECT_EQ(compare(known, seen), CardChange::Swapped);
    EXPECT_TRUE(another_serial(known, seen));
}

TEST_F(CardComparison, WithAnotherModelIsMoreThanAnotherSerialNumber) {
    seen.functions[0].identity.device = 1;

    EXPECT_FALSE(another_serial(known, seen));
}

// Who holds pciehp back does not hear that the card was out; its BARs tell.
TEST_F(CardComparison, WithWipedBarsIsTheSameCardPutInAgainWherePciehpIsHeldBack) {
    seen.functions[0].bars_intact = false;

    EXPECT_EQ(compare(known, seen), CardChange::Same);
    EXPECT_EQ(compare_unheard(known, seen), CardChange::PutAnew);
}

// COMMAND is for the driver, or a guest, to change.
TEST_F(CardComparison, WithoutMemoryDecodingIsStillTheSameCard) {
    seen.functions[0].memory_decodes = false;

    EXPECT_EQ(compare_unheard(known, seen), CardChange::Same);
    EXPECT_TRUE(not_set_up(known, seen));
}

TEST_F(CardComparison, KnowsTheEnumeratedCardNotTheOneInItsPlace) {
    std::vector<pci::Function> enumerated{
        {known.functions[0].address, "e1000e", known.functions[0].identity, false}};
    enumerated[0].identity.serial.reset();
    seen.functions[0].identity.device = 1;

    const Card card = Card::enumerated(enumerated, seen);

    EXPECT_EQ(card.functions[0].identity, enumerated[0].identity);
    EXPECT_EQ(compare(card, seen), CardChange::Swapped);
}

TEST_F(CardComparison, LooksAsThenWhileTheSameFunctionsGiveTheSameAnswers) {
    EXPECT_TRUE(looks_as(known, seen));
    seen.functions[0].identity = pci::Identity{};
    EXPECT_FALSE(looks_as(known, seen));
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

// The kernel has its resources, and the driver has had it enabled: that is what is known of it.
TEST_F(CardComparison, KnowsTheCardThatWasSetUpNotTheOneThatWasResetSince) {
    event::Observation wiped = seen;
    wiped.functions[0].memory_decodes = wiped.functions[0].bars_intact = false;

    const Card card = Card::enumerated({}, wiped);

    EXPECT_EQ(why_not_verified(card, seen), "");
    EXPECT_EQ(why_not_verified(card, wiped),
              "0000:01:00.0 does not decode memory: its config space was wiped");
}

}  // namespace
}  // namespace slotd::coordinator
