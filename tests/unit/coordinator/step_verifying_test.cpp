#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/card.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "policy/limits.hpp"
#include "tests/fakes/fake_machine.hpp"

namespace slotd::coordinator {
namespace {

using namespace std::chrono_literals;
using fakes::at;

constexpr Instant kGiveUpAt = Instant{} + 1000s;

/// The kernel has recovered the slot; a look began before it is time to give up.
struct StepVerifying : testing::Test {
    StepVerifying() {
        slot.facts.port = at("0000:00:02.0");
        slot.known = Card::from(machine.observe(slot.facts.port));
        slot.phase = verifying;
    }

    /// As soon as it is due.
    void look(Instant now) { slot = step(slot, DeadlinePassed{}, now, limits).slot; }

    fakes::FakeMachine machine = fakes::machine_with_one_slot();
    policy::Limits limits;
    Verifying verifying{KernelRecovered{event::RecoveryReport::Succeeded, false}, kGiveUpAt, kNever,
                        std::nullopt};
    Slot slot;
};

// slotd was stopped in between: what was true before may have changed since.
TEST_F(StepVerifying, ALookThatBeganInTimeAndIsAnsweredLateIsFollowedByALastOne) {
    event::Observation still = machine.observe(slot.facts.port);
    still.functions.clear();
    const Instant late = kGiveUpAt + 30s;

    slot = step(slot, WorkDone{still, std::nullopt}, late, limits).slot;

    Verifying expected = verifying;
    expected.next_look = late + limits.verification_look;
    EXPECT_EQ(slot.phase, SlotPhase{expected});
    EXPECT_LE(deadline_of(slot.phase), late);

    look(late);

    expected.next_look = kNever;
    expected.last_look = true;
    EXPECT_EQ(slot.phase, SlotPhase{expected});

    const Step decided = step(slot, WorkDone{still, std::nullopt}, late + 1ms, limits);

    EXPECT_STREQ(name_of(decided.slot.phase), "opening");
}

TEST_F(StepVerifying, ALookThatBeganInTimeAndFailsLateIsFollowedByALastOne) {
    const WorkFailed failed{action::ObserveSlot{slot.facts.port},
                            {event::OutcomeKind::Failed, 5, "read", std::nullopt}};
    const Instant late = kGiveUpAt + 30s;

    slot = step(slot, failed, late, limits).slot;

    Verifying expected = verifying;
    expected.next_look = late + limits.verification_look;
    EXPECT_EQ(slot.phase, SlotPhase{expected});

    look(late);
    const Step decided = step(slot, failed, late + 1ms, limits);

    EXPECT_STREQ(name_of(decided.slot.phase), "opening");
}

}  // namespace
}  // namespace slotd::coordinator
