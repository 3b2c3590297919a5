#include "metrics/gate_times.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/gate.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"

namespace slotd::metrics {
namespace {

using namespace std::chrono_literals;
using event::OutcomeKind;
using Totals = std::map<GateTimes::Key, Duration>;

constexpr pci::Address kPort{0, 0, 2, 0};
const action::Effect kRaise = action::RaiseFence{kPort};
const action::Effect kLower = action::LowerFence{kPort};

event::Outcome as(OutcomeKind kind) {
    return {kind, 0, "", std::nullopt};
}

struct OneGate : testing::Test {
    GateTimes times;
    Instant now{};

    void does(const action::Effect& effect, OutcomeKind kind, Duration takes = 1s) {
        times.started(++id, effect, now);
        now += takes;
        times.ended(id, as(kind), now);
    }

    event::EffectId id = 0;
};

TEST_F(OneGate, CountsFromTheStartOfItsClosingToTheEndOfItsOpening) {
    does(kRaise, OutcomeKind::Done);
    now += 10s;
    EXPECT_EQ(times.totals(now), (Totals{{{kPort, "fence"}, 11s}}));
    does(kLower, OutcomeKind::Done);

    now += 100s;
    EXPECT_EQ(times.totals(now), (Totals{{{kPort, "fence"}, 12s}}));

    does(kRaise, OutcomeKind::Done);
    EXPECT_EQ(times.totals(now), (Totals{{{kPort, "fence"}, 13s}}));
}

TEST_F(OneGate, ThatWasNotClosedDoesNotCount) {
    for (const OutcomeKind kind :
         {OutcomeKind::AlreadySo, OutcomeKind::Refused, OutcomeKind::Gone}) {
        does(kRaise, kind);
        EXPECT_EQ(times.totals(now + 5s), Totals{}) << to_text(kind);
    }
}

// What became of it is not known: it may be closed.
TEST_F(OneGate, OfAnAmbiguousClosingCounts) {
    does(kRaise, OutcomeKind::TimedOut, 30s);
    now += 10s;
    EXPECT_EQ(times.totals(now), (Totals{{{kPort, "fence"}, 40s}}));

    times.ended(id, as(OutcomeKind::Refused), now);  // the worker came back after all
    EXPECT_EQ(times.totals(now), Totals{});
}

TEST_F(OneGate, WhoseOpeningFailedStaysClosed) {
    does(kRaise, OutcomeKind::Done);
    does(kLower, OutcomeKind::Failed);

    EXPECT_EQ(times.totals(now + 5s), (Totals{{{kPort, "fence"}, 7s}}));
}

TEST_F(OneGate, IsOpenOnceSlotdExecWasStartedAnew) {
    does(kRaise, OutcomeKind::Done);
    times.all_open(now);

    EXPECT_EQ(times.totals(now + 5s), (Totals{{{kPort, "fence"}, 1s}}));
}

TEST_F(OneGate, IsWhatTheCoordinatorSaysInTheEnd) {
    const coordinator::Gate fence{coordinator::GateKind::Fence, kPort, {}};
    const coordinator::Gate mask{coordinator::GateKind::HotplugMask, kPort, {}};
    does(kRaise, OutcomeKind::Done);

    times.settle({mask}, {kPort}, now);
    now += 5s;

    EXPECT_EQ(times.totals(now), (Totals{{{kPort, "fence"}, 1s}, {{kPort, "hotplug-mask"}, 5s}}));
    times.settle({fence, mask}, {kPort}, now);
    EXPECT_EQ(times.totals(now + 1s),
              (Totals{{{kPort, "fence"}, 2s}, {{kPort, "hotplug-mask"}, 6s}}));
}

// Nested ports come and go with new addresses: what is told of them must not grow for ever.
TEST_F(OneGate, IsForgottenWithItsPort) {
    does(kRaise, OutcomeKind::Done);
    does(kLower, OutcomeKind::Done);

    times.settle({}, {pci::Address{0, 0, 3, 0}}, now);

    EXPECT_EQ(times.totals(now), Totals{});
}

TEST_F(OneGate, IsNotMovedByOtherEffects) {
    does(action::ObserveSlot{kPort}, OutcomeKind::Done);
    times.ended(4711, as(OutcomeKind::Done), now);

    EXPECT_EQ(times.totals(now), Totals{});
}

}  // namespace
}  // namespace slotd::metrics
