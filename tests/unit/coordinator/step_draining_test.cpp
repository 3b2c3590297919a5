#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "coordinator/card.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "event/observation.hpp"
#include "policy/ladder.hpp"
#include "policy/limits.hpp"
#include "tests/fakes/fake_machine.hpp"

namespace slotd::coordinator {
namespace {

using namespace std::chrono_literals;
using fakes::at;

// slotd aborted here: `slotctl reset --method flr` of a slot with a switch in it was enough.
TEST(StepDraining, LeavesAStepThatHasNothingToReset) {
    const event::Observation seen = fakes::machine_with_one_slot().observe(at("0000:00:02.0"));
    Operation operation;
    operation.purpose = Purpose::Manual;
    operation.rungs = {policy::Rung::FunctionReset};
    operation.before = Card::from(seen);
    Slot slot;
    slot.facts.port = at("0000:00:02.0");
    slot.facts.functions = {{at("0000:01:00.0"), "pcieport", {}, true}};
    slot.phase = Draining{operation};

    const Step next = step(slot, WorkDone{seen, std::nullopt}, Instant{} + 1000s, policy::Limits{});

    EXPECT_STREQ(name_of(next.slot.phase), "needs-operator");
    EXPECT_NE(reason_of(next.slot.phase).find("no function that could be reset"),
              std::string::npos);
}

// A loop that goes by it would spin until the look ends.
TEST(Deadline, OfASlotThatIsBeingLookedAtIsNotThatOfItsVerification) {
    const Verifying verifying{KernelRecovered{}, Instant{} + 5s, kNever, std::nullopt};

    EXPECT_EQ(deadline_of(SlotPhase{verifying}), kNever);
}

}  // namespace
}  // namespace slotd::coordinator
