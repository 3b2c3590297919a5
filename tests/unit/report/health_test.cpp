#include "report/health.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "report/printable.hpp"

namespace slotd::report {
namespace {

coordinator::SlotStatus slot(std::uint8_t device, const std::string& phase) {
    coordinator::SlotStatus status;
    status.port = {0, 0, device, 0};
    status.root_port = status.port;
    status.slot = std::to_string(device);
    status.phase = phase;
    return status;
}

TEST(Health, IsOkWhereSlotsAreIdleOrBeingWorkedOn) {
    EXPECT_EQ(health_of({slot(2, "idle"), slot(3, "kernel-recovering"), slot(4, "idle")}),
              (Health{Severity::Ok,
                      "SLOTD OK: 3 slots, 2 idle, 1 kernel-recovering | slots=3 idle=2 "
                      "kernel-recovering=1\n"}));
}

TEST(Health, OfAMachineWithoutSlotsIsOk) {
    EXPECT_EQ(health_of({}), (Health{Severity::Ok, "SLOTD OK: 0 slots | slots=0\n"}));
}

TEST(Health, IsCriticalWhereSlotdWaitsForAPerson) {
    for (const std::string phase : {"needs-operator", "quarantined", "wedged"}) {
        EXPECT_EQ(health_of({slot(2, "idle"), slot(3, phase)}).severity, Severity::Critical)
            << phase;
    }
    auto waiting = slot(3, "idle");
    waiting.quarantine = "five attempts within an hour";
    EXPECT_EQ(health_of({waiting}).severity, Severity::Critical);
}

TEST(Health, NamesTheWorstFirstWithTheReason) {
    auto held = slot(2, "held");
    held.reason = "held by alice|root";
    auto used_up = slot(3, "idle");
    used_up.automatic_action = true;
    auto wedged = slot(4, "wedged");
    wedged.slot = "";
    wedged.reason = "the kernel has not returned from: power off slot\x1b[31m";

    EXPECT_EQ(health_of({held, used_up, wedged}),
              (Health{Severity::Critical,
                      "SLOTD CRITICAL: 3 slots, 1 held, 1 idle, 1 wedged | slots=3 held=1 idle=1 "
                      "wedged=1\n"
                      "0000:00:04.0: wedged: the kernel has not returned from: power off "
                      "slot" +
                          std::string(printable("\x1b[31m")) +
                          "\n"
                          "0000:00:02.0 (slot 2): held: held by alice/root\n"
                          "0000:00:03.0 (slot 3): idle, no automatic attempt is left\n"}));
    EXPECT_EQ(health_of({held}).severity, Severity::Warning);
    EXPECT_EQ(health_of({used_up}).severity, Severity::Warning);
}

}  // namespace
}  // namespace slotd::report
