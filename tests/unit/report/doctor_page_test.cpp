#include "report/doctor_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <sstream>
#include <string>

#include "pci/service.hpp"
#include "policy/level.hpp"
#include "report/checkup.hpp"
#include "report/diagnosis.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"
#include "tests/unit/report/checkup_maker.hpp"

namespace slotd::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page(const Checkup& checkup, const Style& style = {}) {
    return doctor_page(checkup, diagnose(checkup), style);
}

TEST(DoctorPage, OfAWellMachineIsVerdictsAndFacts) {
    EXPECT_EQ(page(well_checkup()),
              R"(machine: OK: slotd 1.0 is at work on 1 slot
  kernel     7.0
  ignores    link changes of its own resets: yes, of DPC: yes
  slot-aware resets above nested slots: yes, reset_subordinate: yes
  interrupt  shared by hot-plug and bandwidth control: yes
  firmware   has an error source table (HEST): no
  lockdown   none
  heard      uevents, ras:aer_event, pci:pci_hp_event
  recoveries 0 begun, 0 succeeded, 0 failed in this run
  slotd-exec ready
  history    usable
  hooks      none
  automatic  on

0000:00:1c.0 (slot 5): OK: level exclusive, firm
  level      exclusive, firm
             The kernel's error recovery and its hot-plug never run at the same time.
  phase      idle
  services   bound: aer, dpc; not bound: pciehp
  slot       hot-plug: yes, may be pulled without a word: yes, power controller: no
  link       8.0 GT/s x4, port and card can do 8.0 GT/s x4
  function   0000:01:00.0 nvme, resets: flr, bus, reports errors
)");
}

TEST(DoctorPage, FindingsComeWorstFirstWithWhatToDo) {
    Checkup checkup = well_checkup();
    checkup.slots.front().known.notes.unasked = {{kCard, "nvme"}};
    checkup.slots.front().port.root_bound.erase(pci::Service::Aer);

    const std::string text = page(checkup);

    EXPECT_THAT(text, HasSubstr("0000:00:1c.0 (slot 5): CRITICAL: error-service-unbound, "
                                "driver-without-callbacks; 1 problem, 1 warning\n"));
    const auto worst = text.find("  critical   The kernel's service aer is not bound");
    const auto next = text.find("  warning    The kernel has given up on 0000:01:00.0");
    EXPECT_NE(worst, std::string::npos);
    EXPECT_NE(next, std::string::npos);
    EXPECT_LT(worst, next);
    EXPECT_THAT(text, HasSubstr("[driver-without-callbacks]\n             -> slotd brings"));
}

TEST(DoctorPage, LinesBreakBetweenWordsWhereTheTerminalEnds) {
    Checkup checkup = well_checkup();
    change_status(checkup, [](auto& status) { status.level = policy::Level::Fence; });
    for (const std::size_t columns : {1UL, 40UL, 80UL}) {
        std::istringstream lines(page(checkup, {.colour = false, .columns = columns}));
        for (std::string line; std::getline(lines, line);) {
            // Below 33 columns text has 20 all the same, or nobody could read it.
            EXPECT_LE(report::columns(line), std::max<std::size_t>(columns, 33)) << line;
        }
    }
}

TEST(DoctorPage, ForeignTextCannotBeMistakenForAnythingElse) {
    Checkup checkup = well_checkup();
    checkup.daemon.hooks = {"\x1b[31mred"};
    checkup.daemon.trace_problem = "bad\nline";
    change_status(checkup, [](auto& status) {
        status.slot = "5\x07";
        status.functions.front().driver = "nv\nme";
    });

    const std::string text = page(checkup);

    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\x07")));
    EXPECT_THAT(text, HasSubstr("nv?me"));
    EXPECT_THAT(text, HasSubstr("bad?line"));
}

TEST(DoctorPage, ColoursTheVerdictAndTheFindings) {
    Checkup checkup = well_checkup();
    checkup.daemon.executor_deaths = 1;

    const std::string text = page(checkup, {.colour = true, .columns = 120});

    EXPECT_THAT(text, HasSubstr("machine: \x1b[33mWARNING\x1b[0m: executor-died"));
    EXPECT_THAT(text, HasSubstr("\x1b[33mwarning    \x1b[0m"));
}

TEST(DoctorPage, SaysWhatWasNotRead) {
    Checkup checkup = well_checkup();
    checkup.kernel = {};
    checkup.daemon.sysfs = "/tmp/tree";
    change_status(checkup, [](auto& status) { status.link.reset(); });
    EXPECT_THAT(page(checkup), HasSubstr("kernel     not read: /tmp/tree is no kernel's\n"));
    EXPECT_THAT(page(checkup), HasSubstr("link       not known\n"));

    checkup.slots.front().port = {};
    EXPECT_THAT(page(checkup), HasSubstr("[port-gone]"));
    EXPECT_THAT(page(checkup), Not(HasSubstr("services ")));
}

}  // namespace
}  // namespace slotd::report
