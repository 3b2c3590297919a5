#include "policy/slot_policy.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"

namespace slotd::policy {
namespace {

const pci::Address kPort{0, 0, 2, 0};

pci::Function function(std::uint16_t vendor, std::uint16_t device, std::uint32_t class_code,
                       std::string driver) {
    pci::Function made;
    made.address = {0, 1, 0, 0};
    made.identity.vendor = vendor;
    made.identity.device = device;
    made.identity.class_code = class_code;
    made.driver = std::move(driver);
    return made;
}

SlotTraits slot_with(std::vector<pci::Function> functions) {
    return {kPort, "5", std::move(functions)};
}

const SlotTraits kDisk = slot_with({function(0x8086, 0x5845, 0x010802, "nvme")});

TEST(SlotPolicy, IsSafeByDefault) {
    const SlotPolicy policy = Policy{}.for_slot(kDisk);

    EXPECT_EQ(policy, SlotPolicy{});
    EXPECT_EQ(policy.level, Level::Fence);
    EXPECT_FALSE(policy.automatic_action);
    EXPECT_EQ(policy.in_use, all_use_kinds());
    EXPECT_EQ(policy.steps, (std::vector{Rung::FunctionReset, Rung::SlotReset, Rung::BusReset,
                                         Rung::VfioReset, Rung::Reenumerate, Rung::Quarantine}));
}

TEST(SlotPolicy, ALaterRuleOverridesAnEarlierOneFieldByField) {
    Rule first;
    first.level = Level::Observe;
    first.soak = 9s;
    Rule second;
    second.level = Level::Exclusive;
    second.automatic_action = true;
    Rule elsewhere;
    elsewhere.match.slots = {"6"};
    elsewhere.level = Level::Observe;

    SlotPolicy expected;
    expected.level = Level::Exclusive;
    expected.automatic_action = true;
    expected.soak = 9s;
    EXPECT_EQ((Policy{{}, {first, second, elsewhere}}.for_slot(kDisk)), expected);
}

TEST(SlotPolicy, ARuleSetsEveryField) {
    Rule rule;
    rule.level = Level::Observe;
    rule.automatic_action = true;
    rule.steps = {{Rung::Quarantine}};
    rule.verification = 7s;
    rule.soak = 0s;
    rule.in_use = {{UseKind::Swap}};

    EXPECT_EQ((Policy{{}, {rule}}.for_slot(kDisk)),
              (SlotPolicy{Level::Observe, true, {Rung::Quarantine}, 7s, 0s, {UseKind::Swap}}));
}

TEST(SlotPolicyMatch, FitsEverySlotWithoutAList) {
    EXPECT_TRUE(matches({}, kDisk));
    EXPECT_TRUE(matches({}, slot_with({})));
}

TEST(SlotPolicyMatch, NeedsOneElementOfEveryList) {
    Match match;
    match.ports = {{0, 0, 1, 0}, kPort};
    match.slots = {"4", "5"};
    match.ids = {{0x1234, {}}, {0x8086, 0x5845}};
    match.classes = {"02", "0108"};
    match.drivers = {"nvme"};
    ASSERT_TRUE(matches(match, kDisk));

    for (const auto spoil : std::vector<void (*)(Match&)>{
             [](Match& one) {
                 one.ports = {{0, 0, 1, 0}};
             },
             [](Match& one) {
                 one.slots = {"55", ""};
             },
             [](Match& one) {
                 one.ids = {{0x8086, 0x5846}, {{}, 1}};
             },
             [](Match& one) {
                 one.classes = {"0107", "8"};
             },
             [](Match& one) {
                 one.drivers = {"", "nvm"};
             },
         }) {
        Match spoilt = match;
        spoil(spoilt);
        EXPECT_FALSE(matches(spoilt, kDisk));
    }
}

TEST(SlotPolicyMatch, AStarStandsForAnyVendorOrDevice) {
    Match match;
    for (const IdPattern& id : std::vector<IdPattern>{{0x8086, {}}, {{}, 0x5845}, {{}, {}}}) {
        match.ids = {id};
        EXPECT_TRUE(matches(match, kDisk));
    }
}

TEST(SlotPolicyMatch, OneFunctionMustFitAllThatIsSaidAboutTheCard) {
    const SlotTraits card = slot_with(
        {function(0x8086, 1, 0x020000, "e1000e"), function(0x10de, 2, 0x030000, "nouveau")});
    Match match;
    match.classes = {"03"};
    match.drivers = {"e1000e"};
    EXPECT_FALSE(matches(match, card));

    match.drivers = {"nouveau"};
    EXPECT_TRUE(matches(match, card));
}

TEST(SlotPolicyMatch, ARuleAboutCardsFitsNoEmptySlot) {
    Match match;
    match.ids = {{{}, {}}};
    EXPECT_FALSE(matches(match, slot_with({})));
}

}  // namespace
}  // namespace slotd::policy
