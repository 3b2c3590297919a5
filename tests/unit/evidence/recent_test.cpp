#include "evidence/recent.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "evidence/evidence.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {
namespace {

using namespace std::chrono_literals;

constexpr pci::Address kPort{0, 0, 2, 0};
constexpr pci::Address kCard{0, 1, 0, 0};
constexpr pci::Address kOther{0, 7, 0, 0};
constexpr std::uint32_t kSlot = 3;

pci::Port port() {
    pci::Port port;
    port.address = kPort;
    port.secondary_bus = 1;
    port.subordinate_bus = 2;
    return port;
}

Instant at(Duration since) {
    return Instant(since);
}

event::ErrorReported error(const pci::Address& function,
                           event::Severity severity = event::Severity::Corrected) {
    return {function, severity, 0};
}

TEST(Recent, GivesALineWhatIsAboutItsSlotOnceAndOldestFirst) {
    Recent recent;
    recent.kernel_said(error(kCard), at(1ms));
    recent.kernel_said(error(kOther), at(2ms));
    recent.kernel_said(event::ServicesChanged{kPort}, at(3ms));
    recent.keep(kSlot, {action::RaiseFence{kPort}, {}, 1ms}, at(4ms));
    recent.keep(kSlot + 1, {action::RaiseFence{kOther}, {}, 1ms}, at(5ms));

    const Recent::Taken expected{{{at(1ms), error(kCard), 1},
                                  {at(3ms), event::ServicesChanged{kPort}, 1},
                                  {at(4ms), EffectEnded{action::RaiseFence{kPort}, {}, 1ms}, 1}},
                                 0};
    EXPECT_EQ(recent.take(port(), kSlot), expected);
    EXPECT_EQ(recent.take(port(), kSlot), Recent::Taken{});
}

TEST(Recent, OfAStormCountsTheSameThingAndKeepsTheNewest) {
    Recent recent;
    for (int count = 0; count < 1000; ++count) {
        recent.kernel_said(error(kCard), at(1ms * count));
        recent.kernel_said(error({0, 1, 0, 1}), at(1ms * count));
    }
    EXPECT_EQ(recent.take(port(), kSlot),
              (Recent::Taken{
                  {{at(999ms), error(kCard), 1000}, {at(999ms), error({0, 1, 0, 1}), 1000}}, 0}));

    for (std::uint8_t count = 0; count < 40; ++count) {
        recent.kernel_said(error({0, 1, count, 0}), at(1ms * count));
    }
    const Recent::Taken taken = recent.take(port(), kSlot);
    EXPECT_EQ(taken.facts.size(), Recent::kTakenMax);
    EXPECT_EQ(taken.left_out, 40 - Recent::kTakenMax);
    EXPECT_EQ(taken.facts.back().at, at(39ms));
}

TEST(Recent, KnowsHowLongAnEffectTookAndThatAWedgedOneMayComeBack) {
    Recent recent;
    const action::Effect effect = action::ObserveSlot{kPort};
    const event::Outcome late{event::OutcomeKind::TimedOut, 0, "", std::nullopt};
    recent.effect_began(1, effect, at(0ms));

    EXPECT_EQ(recent.effect_ended(1, late, at(5s)), (EffectEnded{effect, late, 5s}));
    EXPECT_EQ(recent.effect_ended(1, {}, at(9s)), (EffectEnded{effect, {}, 9s}));
    EXPECT_EQ(recent.effect_ended(1, {}, at(9s)), std::nullopt);

    recent.effect_began(2, effect, at(0ms));
    recent.forget_effects();
    EXPECT_EQ(recent.effect_ended(2, {}, at(1s)), std::nullopt);
}

TEST(Recent, KeepsNoMoreThanItsBound) {
    Recent recent;
    for (int count = 0; count < 300; ++count) {
        recent.keep(static_cast<std::uint32_t>(count + 1), {action::RaiseFence{kPort}, {}, 1ms},
                    at(1ms * count));
    }

    EXPECT_EQ(recent.take(port(), 300 - Recent::kFactsMax), Recent::Taken{});
    EXPECT_EQ(recent.take(port(), 300 - Recent::kFactsMax + 1).facts.size(), 1);
}

}  // namespace
}  // namespace slotd::evidence
