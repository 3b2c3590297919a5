#include "coordinator/machine_lock.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "action/effect.hpp"
#include "tests/fakes/fake_machine.hpp"

namespace slotd::coordinator {
namespace {

using event::OutcomeKind;
using fakes::at;

StartEffect power(event::EffectId id) {
    return {id, action::SetSlotPower{at("0000:00:02.0"), false}};
}

StartEffect bind(event::EffectId id) {
    return {id, action::BindService{at("0000:00:02.0"), pci::Service::Aer}};
}

StartEffect reset(event::EffectId id) {
    return {id, action::ResetFunction{at("0000:01:00.0"), action::KernelReset::Bus}};
}

TEST(MachineLock, LetsOneMachineWideEffectRunAtATimeInOrder) {
    MachineLock lock;

    EXPECT_TRUE(lock.admit(power(1)).start);
    EXPECT_FALSE(lock.admit(bind(2)).start);
    EXPECT_FALSE(lock.admit(power(3)).start);

    EXPECT_EQ(lock.finished(1, OutcomeKind::Done).start, bind(2));
    EXPECT_EQ(lock.finished(2, OutcomeKind::Done).start, power(3));
    EXPECT_EQ(lock.finished(3, OutcomeKind::Failed).start, std::nullopt);
}

TEST(MachineLock, DoesNotConcernAResetOfOneFunction) {
    MachineLock lock;
    (void)lock.admit(power(1));

    EXPECT_TRUE(lock.admit(reset(2)).start);
}

TEST(MachineLock, BehindAWedgedEffectOnlyTheRescanLockIsOutOfReach) {
    MachineLock lock;
    (void)lock.admit(power(1));
    (void)lock.admit(power(2));
    (void)lock.admit(bind(3));

    const MachineLock::Next next = lock.finished(1, OutcomeKind::TimedOut);

    EXPECT_EQ(next.refused, (std::vector{power(2)}));
    EXPECT_EQ(next.start, bind(3));
    EXPECT_TRUE(lock.admit(power(4)).refused);
}

TEST(MachineLock, ForgetsAWedgeWhenItsWorkerReturns) {
    MachineLock lock;
    (void)lock.admit(power(1));
    (void)lock.finished(1, OutcomeKind::TimedOut);

    (void)lock.finished(1, OutcomeKind::Done);

    EXPECT_TRUE(lock.admit(power(2)).start);
}

TEST(MachineLock, ForgetsOneThatWaitedAndWillNotCome) {
    MachineLock lock;
    (void)lock.admit(power(1));
    (void)lock.admit(power(2));

    (void)lock.finished(2, OutcomeKind::Gone);

    EXPECT_EQ(lock.finished(1, OutcomeKind::Done).start, std::nullopt);
}

}  // namespace
}  // namespace slotd::coordinator
