#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "event/outcome.hpp"
#include "policy/limits.hpp"
#include "tests/fakes/fake_machine.hpp"

namespace slotd::coordinator {
namespace {

using namespace std::chrono_literals;
using event::OutcomeKind;
using fakes::at;

constexpr Instant kBegin = Instant{} + 1000s;

/// A slot that has just come: its first look is under way.
struct StepResyncing : testing::Test {
    StepResyncing() {
        Slot fresh;
        fresh.facts.port = at("0000:00:02.0");
        slot = begin(std::move(fresh), kBegin, limits).slot;
    }

    /// How many looks were begun.
    std::size_t take(Step step) {
        slot = std::move(step.slot);
        std::size_t looks = 0;
        for (const Action& action : step.actions) {
            const auto* const wanted = std::get_if<StartEffect>(&action);
            looks +=
                wanted != nullptr && std::holds_alternative<action::ObserveSlot>(wanted->effect)
                    ? 1
                    : 0;
        }
        return looks;
    }

    Instant next() const { return deadline_of(slot.phase); }

    policy::Limits limits;
    Slot slot;
};

TEST_F(StepResyncing, WaitsForALookThatTakesLongAndBeginsNoOtherBesideIt) {
    const InFlight look = *slot.in_flight;
    for (int time = 0; time < 20; ++time) {
        const Instant now = next();
        EXPECT_EQ(take(step(slot, DeadlinePassed{}, now, limits)), 0U);
        EXPECT_EQ(next(), now + limits.retry);
    }
    EXPECT_EQ(slot.in_flight->id, look.id);
}

TEST_F(StepResyncing, LooksAgainWhereTheLookHasFailed) {
    const event::Outcome timed_out{OutcomeKind::TimedOut, 0, "observe", std::nullopt};
    EXPECT_EQ(take(finish_effect(slot, slot.in_flight->id, timed_out, kBegin + 150s, limits)), 0U);

    EXPECT_EQ(take(step(slot, DeadlinePassed{}, next(), limits)), 1U);
}

}  // namespace
}  // namespace slotd::coordinator
