#include "report/guarantee.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <vector>

#include "pci/service.hpp"
#include "policy/level.hpp"
#include "report/checkup.hpp"
#include "tests/unit/report/checkup_maker.hpp"

namespace slotd::report {
namespace {

using pci::Service;
using policy::Level;

Guarantee guarantee(Level level, const std::function<void(Checkup&)>& spoil = {}) {
    Checkup checkup = well_checkup();
    change_status(checkup, [&](auto& status) { status.level = level; });
    if (spoil) {
        spoil(checkup);
    }
    return guarantee_of(checkup.slots.front(), checkup.kernel, checkup.daemon);
}

TEST(Guarantee, EachLevelPromisesWhatItCanKeepOnANewKernel) {
    EXPECT_EQ(guarantee(Level::Observe).strength, Strength::WatchOnly);
    EXPECT_EQ(guarantee(Level::Fence).strength, Strength::BestEffort);
    EXPECT_EQ(guarantee(Level::Exclusive).strength, Strength::Firm);
    for (const Level level : {Level::Observe, Level::Fence, Level::Exclusive}) {
        EXPECT_EQ(guarantee(level).level, level);
        EXPECT_TRUE(guarantee(level).because.empty());
        EXPECT_FALSE(guarantee(level).promise.empty());
    }
}

TEST(Guarantee, LockdownTakesTheFenceAwayAndNotTheServices) {
    for (const char* const mode : {"integrity", "confidentiality"}) {
        const auto lock = [&](Checkup& checkup) { checkup.kernel.lockdown = mode; };
        EXPECT_EQ(guarantee(Level::Fence, lock).strength, Strength::WatchOnly) << mode;
        EXPECT_EQ(guarantee(Level::Exclusive, lock).strength, Strength::Firm) << mode;
    }
}

TEST(Guarantee, TellsWhyAFenceComesLateOrLeaks) {
    const std::vector<std::function<void(Checkup&)>> reasons{
        [](Checkup& c) { c.daemon.trace_problem = "no tracefs"; },
        [](Checkup& c) { c.kernel.has_hotplug_trace = Known::No; },
        [](Checkup& c) { c.kernel.ignores_reset_flaps = Known::No; },
    };
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        EXPECT_EQ(guarantee(Level::Fence, reasons[i]).because.size(), 1U) << i;
        EXPECT_EQ(guarantee(Level::Fence, reasons[i]).strength, Strength::BestEffort) << i;
        EXPECT_EQ(guarantee(Level::Exclusive, reasons[i]), guarantee(Level::Exclusive)) << i;
    }
}

TEST(Guarantee, IsNotNeededWhereTheTwoCannotMeet) {
    EXPECT_EQ(guarantee(Level::Fence,
                        [](Checkup& c) { c.slots.front().port.services.erase(Service::Pciehp); })
                  .strength,
              Strength::NotNeeded);
    const auto no_recovery = [](Checkup& c) {
        c.slots.front().port.root_services.erase(Service::Aer);
        c.slots.front().port.services.erase(Service::Dpc);
    };
    EXPECT_EQ(guarantee(Level::Fence, no_recovery).strength, Strength::NotNeeded);
}

// Recoveries of the firmware's errors need no aer service (APEI, EDR).
TEST(Guarantee, IsNotFirmWhereTheFirmwareMayStartARecovery) {
    for (const Known known : {Known::Yes, Known::Unknown}) {
        const Guarantee weak = guarantee(Level::Exclusive, [&](Checkup& c) {
            c.slots.front().port.root_services.erase(Service::Aer);
            c.slots.front().port.services.erase(Service::Dpc);
            c.kernel.firmware_has_errors = known;
        });
        EXPECT_EQ(weak.strength, Strength::BestEffort);
        EXPECT_EQ(weak.because.size(), 1U);
    }
}

}  // namespace
}  // namespace slotd::report
