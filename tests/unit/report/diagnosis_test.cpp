#include "report/diagnosis.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "event/casebook.hpp"
#include "pci/address.hpp"
#include "pci/link.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"
#include "report/checkup.hpp"
#include "report/finding.hpp"
#include "report/health.hpp"
#include "tests/unit/report/checkup_maker.hpp"

namespace slotd::report {
namespace {

using pci::Service;
using policy::Level;

/// One thing that is not well, and the findings it has to give: no other.
struct Case {
    const char* what;
    std::function<void(Checkup&)> spoil;
    std::vector<std::pair<FindingKind, Severity>> found;
};

using Found = std::vector<std::pair<FindingKind, Severity>>;

Found kinds_of(const std::vector<Finding>& findings) {
    Found kinds;
    for (const Finding& finding : findings) {
        kinds.emplace_back(finding.kind, finding.severity);
    }
    return kinds;
}

const std::vector<Case>& kernel_cases() {
    using K = FindingKind;
    static const std::vector<Case> cases{
        {"pci=noaer",
         [](Checkup& c) { c.kernel.parameters = {"pci=realloc,noaer"}; },
         {{K::ErrorReportingOff, Severity::Critical}}},
        {"pci=nomsi",
         [](Checkup& c) { c.kernel.parameters = {"pci=nomsi"}; },
         {{K::ErrorReportingOff, Severity::Critical}}},
        {"pcie_ports=compat",
         [](Checkup& c) { c.kernel.parameters = {"pcie_ports=compat"}; },
         {{K::PortServicesOff, Severity::Critical}}},
        {"pcie_ports=native",
         [](Checkup& c) { c.kernel.parameters = {"pcie_ports=native"}; },
         {{K::PortServicesForced, Severity::Ok}}},
        {"pcie_ports=dpc-native",
         [](Checkup& c) { c.kernel.parameters = {"pcie_ports=dpc-native"}; },
         {{K::PortServicesForced, Severity::Ok}}},
        {"locked down, and no slot needs the registers",
         [](Checkup& c) { c.kernel.lockdown = "integrity"; },
         {{K::Lockdown, Severity::Ok}}},
        {"locked down, and a slot has level fence",
         [](Checkup& c) {
             c.kernel.lockdown = "confidentiality";
             c.machine.front().status.level = Level::Fence;
         },
         {{K::Lockdown, Severity::Warning}}},
        {"lockdown that cannot be read",
         [](Checkup& c) { c.kernel.lockdown.clear(); },
         {{K::LockdownUnknown, Severity::Ok}}},
        {"6.13: an interrupt that is shared, and flaps of resets that are not ignored",
         [](Checkup& c) { c.kernel.ignores_reset_flaps = Known::No; },
         {{K::LeakyReset, Severity::Warning}}},
        {"6.1: flaps of resets are masked, not ignored",
         [](Checkup& c) {
             c.kernel.ignores_reset_flaps = Known::No;
             c.kernel.shares_interrupt = Known::No;
         },
         {{K::NoResetSuppression, Severity::Ok}}},
        {"symbols that cannot be read",
         [](Checkup& c) {
             c.kernel.ignores_reset_flaps = Known::Unknown;
             c.kernel.has_error_trace = Known::Unknown;
             c.kernel.has_hotplug_trace = Known::Unknown;
         },
         {{K::KernelUnread, Severity::Ok}}},
    };
    return cases;
}

const std::vector<Case>& daemon_cases() {
    using K = FindingKind;
    static const std::vector<Case> cases{
        {"no trace event is heard",
         [](Checkup& c) { c.daemon.trace_problem = "no tracefs"; },
         {{K::TraceUnheard, Severity::Warning}}},
        {"a kernel without ras:aer_event",
         [](Checkup& c) { c.kernel.has_error_trace = Known::No; },
         {{K::TraceUnheard, Severity::Warning}}},
        {"slotd found no ras:aer_event",
         [](Checkup& c) { c.daemon.trace_unseen = {"ras:aer_event"}; },
         {{K::TraceUnheard, Severity::Warning}}},
        {"a kernel without pci:pci_hp_event",
         [](Checkup& c) { c.kernel.has_hotplug_trace = Known::No; },
         {{K::HotplugTraceMissing, Severity::Ok}}},
        {"slotd found no pci:pci_hp_event",
         [](Checkup& c) { c.daemon.trace_unseen = {"pci:pci_hp_event"}; },
         {{K::HotplugTraceMissing, Severity::Ok}}},
        {"a recovery that nobody announced",
         [](Checkup& c) { c.daemon.recoveries = {.succeeded = 3, .unannounced = 1}; },
         {{K::RecoveriesUnannounced, Severity::Ok}}},
        {"a history that cannot be used",
         [](Checkup& c) { c.daemon.history_problem = "disk full"; },
         {{K::HistoryUnusable, Severity::Critical}}},
        {"a slotd-exec that does not answer",
         [](Checkup& c) { c.daemon.executor_problem = "it is stopped"; },
         {{K::ExecutorSilent, Severity::Critical}}},
        {"a slotd-exec that has died",
         [](Checkup& c) { c.daemon.executor_deaths = 2; },
         {{K::ExecutorDied, Severity::Warning}}},
        {"hooks that cannot be asked",
         [](Checkup& c) { c.daemon.hooks_problem = "17 hooks"; },
         {{K::HooksUnreadable, Severity::Warning}}},
        {"automatic action is off",
         [](Checkup& c) { c.daemon.automatic_action = false; },
         {{K::AutomaticActionOff, Severity::Ok}}},
    };
    return cases;
}

PortFacts& port(Checkup& checkup) {
    return checkup.slots.front().port;
}

const std::vector<Case>& phase_cases() {
    using K = FindingKind;
    static const std::vector<Case> cases{
        {"sysfs does not show the port",
         [](Checkup& c) { port(c) = {}; },
         {{K::PortGone, Severity::Warning}}},
        {"waits for an operator",
         [](Checkup& c) { change_status(c, [](auto& s) { s.phase = "needs-operator"; }); },
         {{K::NeedsPerson, Severity::Critical}}},
        {"wedged",
         [](Checkup& c) { change_status(c, [](auto& s) { s.phase = "wedged"; }); },
         {{K::NeedsPerson, Severity::Critical}}},
        {"in quarantine, whatever phase it has",
         [](Checkup& c) { change_status(c, [](auto& s) { s.quarantine = "five attempts"; }); },
         {{K::NeedsPerson, Severity::Critical}}},
        {"quarantined is said once",
         [](Checkup& c) {
             change_status(c, [](auto& s) {
                 s.phase = "quarantined";
                 s.quarantine = "five attempts";
             });
         },
         {{K::NeedsPerson, Severity::Critical}}},
        {"held",
         [](Checkup& c) { change_status(c, [](auto& s) { s.held_by = "uid 0: \"mine\""; }); },
         {{K::Held, Severity::Warning}}},
        {"no attempt left",
         [](Checkup& c) { change_status(c, [](auto& s) { s.budget_left = 0; }); },
         {{K::BudgetSpent, Severity::Warning}}},
    };
    return cases;
}

const std::vector<Case>& port_cases() {
    using K = FindingKind;
    static const std::vector<Case> cases{
        {"the firmware has kept error reporting",
         [](Checkup& c) { port(c).root_services.erase(Service::Aer); },
         {{K::FirmwareFirst, Severity::Warning}}},
        {"a Root Port without AER",
         [](Checkup& c) {
             port(c).reports_errors = false;
             port(c).root_services.erase(Service::Aer);
         },
         {{K::NoErrorCapability, Severity::Warning}}},
        {"aer is there and not bound",
         [](Checkup& c) { port(c).root_bound.erase(Service::Aer); },
         {{K::ErrorServiceUnbound, Severity::Critical}}},
        {"dpc is there and not bound",
         [](Checkup& c) { port(c).bound.erase(Service::Dpc); },
         {{K::ErrorServiceUnbound, Severity::Warning}}},
        {"pciehp is there, not bound, and no gate of slotd",
         [](Checkup& c) { change_status(c, [](auto& s) { s.gates.clear(); }); },
         {{K::HotplugServiceUnbound, Severity::Critical}}},
        {"hot-plug capable without pciehp",
         [](Checkup& c) { port(c).services.erase(Service::Pciehp); },
         {{K::HotplugNotNative, Severity::Warning}}},
        {"level fence where the two may meet",
         [](Checkup& c) { change_status(c, [](auto& s) { s.level = Level::Fence; }); },
         {{K::NotExclusive, Severity::Ok}}},
        {"level observe",
         [](Checkup& c) { change_status(c, [](auto& s) { s.level = Level::Observe; }); },
         {{K::NotExclusive, Severity::Ok}}},
        {"a slot from which nobody may pull a card without a word",
         [](Checkup& c) { c.slots.front().known.notes.traits->surprise = false; },
         {{K::SurpriseUnannounced, Severity::Ok}}},
        {"a link that is too slow",
         [](Checkup& c) { change_status(c, [](auto& s) { s.link->speed = 1; }); },
         {{K::LinkBelowMaximum, Severity::Warning}}},
        {"a link that is too narrow",
         [](Checkup& c) { change_status(c, [](auto& s) { s.link->width = 1; }); },
         {{K::LinkBelowMaximum, Severity::Warning}}},
        {"the number of another slot too",
         [](Checkup& c) {
             SlotCase other = c.machine.front();
             other.status.port = {0, 3, 1, 0};
             other.status.slot = "5-1";
             c.machine.push_back(other);
         },
         {{K::AmbiguousName, Severity::Ok}}},
    };
    return cases;
}

const std::vector<Case>& card_cases() {
    using K = FindingKind;
    static const std::vector<Case> cases{
        {"the kernel gave up without asking the driver",
         [](Checkup& c) {
             c.slots.front().known.notes.unasked = {{kCard, "nvme"}};
         },
         {{K::DriverWithoutCallbacks, Severity::Warning}}},
        {"another driver was not asked: not this one",
         [](Checkup& c) {
             c.slots.front().known.notes.unasked = {{kCard, "other"}};
         },
         {}},
        {"nobody drives the card",
         [](Checkup& c) { change_status(c, [](auto& s) { s.functions.front().driver.clear(); }); },
         {{K::NoDriver, Severity::Ok}}},
        {"through VFIO",
         [](Checkup& c) {
             change_status(c, [](auto& s) { s.functions.front().driver = "vfio-pci"; });
         },
         {{K::ThroughVfio, Severity::Ok}}},
        {"a card that cannot report errors",
         [](Checkup& c) { port(c).functions.front().reports_errors = false; },
         {{K::CardReportsNoErrors, Severity::Ok}}},
        {"a function that the kernel cannot reset",
         [](Checkup& c) { port(c).functions.front().reset_methods.clear(); },
         {{K::NoResetMethod, Severity::Ok}}},
        {"several functions without a reset of their own",
         [](Checkup& c) {
             port(c).functions.push_back({.address = {0, 1, 0, 1},
                                          .reports_errors = true,
                                          .reset_methods = {"pm"},
                                          .errors = {}});
         },
         {{K::OnlyReenumeration, Severity::Ok}}},
        {"a switch below the port, whose bridge nobody has to drive",
         [](Checkup& c) {
             change_status(c, [](auto& s) {
                 s.functions.front().is_bridge = true;
                 s.functions.front().driver.clear();
             });
         },
         {{K::OnlyReenumeration, Severity::Ok}}},
        {"errors that were counted",
         [](Checkup& c) { port(c).functions.front().errors.nonfatal = 1; },
         {{K::ErrorsCounted, Severity::Ok}}},
    };
    return cases;
}

TEST(Diagnosis, OfAWellMachineFindsNothing) {
    const Diagnosis diagnosis = diagnose(well_checkup());

    EXPECT_EQ(diagnosis.machine, std::vector<Finding>{});
    ASSERT_EQ(diagnosis.slots.size(), 1U);
    EXPECT_EQ(diagnosis.slots.front().findings, std::vector<Finding>{});
    EXPECT_EQ(diagnosis.severity, Severity::Ok);
    EXPECT_EQ(diagnosis.verdict, "slotd 1.0 is at work on 1 slot");
    EXPECT_EQ(diagnosis.slots.front().verdict, "level exclusive, firm");
}

TEST(Diagnosis, FindsOfTheMachineWhatIsNotWellAndNothingElse) {
    for (const auto* const cases : {&kernel_cases(), &daemon_cases()}) {
        for (const Case& one : *cases) {
            Checkup checkup = well_checkup();
            one.spoil(checkup);

            EXPECT_EQ(kinds_of(machine_findings(checkup)), one.found) << one.what;
        }
    }
}

TEST(Diagnosis, FindsOfASlotWhatIsNotWellAndNothingElse) {
    for (const auto* const cases : {&phase_cases(), &port_cases()}) {
        for (const Case& one : *cases) {
            Checkup checkup = well_checkup();
            one.spoil(checkup);
            const auto findings = slot_findings(checkup.slots.front(), checkup);

            EXPECT_EQ(kinds_of(findings), one.found) << one.what;
        }
    }
}

TEST(Diagnosis, FindsOfACardWhatIsNotWellAndNothingElse) {
    for (const Case& one : card_cases()) {
        Checkup checkup = well_checkup();
        one.spoil(checkup);

        EXPECT_EQ(kinds_of(card_findings(checkup.slots.front(), checkup)), one.found) << one.what;
    }
}

// A kind that no case makes is one that nobody has seen.
TEST(Diagnosis, EveryKindOfFindingHasItsCase) {
    std::set<FindingKind> seen;
    for (const auto* const cases :
         {&kernel_cases(), &daemon_cases(), &phase_cases(), &port_cases(), &card_cases()}) {
        for (const Case& one : *cases) {
            for (const auto& [kind, severity] : one.found) {
                seen.insert(kind);
            }
        }
    }
    const auto& all = all_finding_kinds();
    EXPECT_EQ(seen, std::set<FindingKind>(all.begin(), all.end()));
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(FindingKind::ErrorsCounted) + 1);
}

// What the kernel was told at boot is no fault of the firmware, and is said once, of the machine.
TEST(Diagnosis, WithoutServicesByTheBootParameterTheFirmwareIsNotBlamed) {
    for (const char* const parameter : {"pci=noaer", "pci=nomsi", "pcie_ports=compat"}) {
        Checkup checkup = well_checkup();
        checkup.kernel.parameters = {parameter};
        port(checkup).root_services.erase(Service::Aer);

        EXPECT_EQ(kinds_of(slot_findings(checkup.slots.front(), checkup)), Found{}) << parameter;
    }
}

TEST(Diagnosis, AServiceThatSlotdHoldsBackOrMovesIsNoFinding) {
    Checkup checkup = well_checkup();
    port(checkup).root_bound.erase(Service::Aer);
    checkup.machine.front().status.gates.push_back("aer of 0000:00:1c.0");
    EXPECT_EQ(kinds_of(slot_findings(checkup.slots.front(), checkup)), Found{});

    checkup = well_checkup();
    port(checkup).bound = {};
    port(checkup).root_bound = {};
    change_status(checkup, [](auto& status) {
        status.phase = "draining";
        status.gates.clear();
    });
    EXPECT_EQ(kinds_of(slot_findings(checkup.slots.front(), checkup)), Found{});
}

TEST(Diagnosis, ALinkThatIsNotKnownAndAnEmptySlotAreNotTooSlow) {
    for (const auto& change : std::vector<std::function<void(coordinator::SlotStatus&)>>{
             [](auto& status) { status.link.reset(); },
             [](auto& status) { status.link = pci::Link{.up = false}; },
             [](auto& status) {
                 status.occupied = false;
                 status.link->speed = 1;
             }}) {
        Checkup checkup = well_checkup();
        change_status(checkup, change);
        EXPECT_EQ(kinds_of(slot_findings(checkup.slots.front(), checkup)), Found{});
    }
}

TEST(Diagnosis, TellsWhatToDoAboutADriverWithoutCallbacks) {
    Checkup checkup = well_checkup();
    checkup.slots.front().known.notes.unasked = {{kCard, "nvme"}};
    EXPECT_EQ(card_findings(checkup.slots.front(), checkup).front().text,
              "The kernel has given up on 0000:01:00.0 without asking its driver nvme first: as "
              "far as seen in this run it has no AER callbacks.");

    change_status(checkup, [](auto& status) { status.automatic_action = false; });
    checkup.daemon.recoveries.unannounced = 1;
    const Finding guess = card_findings(checkup.slots.front(), checkup).front();
    EXPECT_NE(guess.text.find("(a guess: "), std::string::npos) << guess.text;
    EXPECT_NE(guess.advice.find("automatic_action = true"), std::string::npos) << guess.advice;
}

TEST(Diagnosis, NamesTheServiceDeviceToBind) {
    Checkup checkup = well_checkup();
    port(checkup).root_bound.erase(Service::Aer);
    EXPECT_EQ(slot_findings(checkup.slots.front(), checkup).front().advice,
              "As root: echo 0000:00:1c.0:pcie002 > /sys/bus/pci_express/drivers/aer/bind");

    change_status(checkup, [](auto& status) {
        status.port = {0, 3, 0, 0};
        status.gates.clear();
    });
    port(checkup).root_bound.insert(Service::Aer);
    EXPECT_EQ(slot_findings(checkup.slots.front(), checkup).front().advice,
              "As root: echo 0000:03:00.0:pcie204 > /sys/bus/pci_express/drivers/pciehp/bind");
}

TEST(Diagnosis, PutsTheWorstFirstAndNamesItInTheVerdict) {
    Checkup checkup = well_checkup();
    checkup.daemon.executor_deaths = 1;
    checkup.daemon.automatic_action = false;
    port(checkup).functions.front().errors.fatal = 1;
    port(checkup).root_bound.erase(Service::Aer);
    change_status(checkup, [](auto& status) { status.link->width = 1; });

    const Diagnosis diagnosis = diagnose(checkup);

    EXPECT_EQ(diagnosis.severity, Severity::Critical);
    EXPECT_EQ(diagnosis.verdict, "executor-died; 1 warning, 1 note");
    const SlotDiagnosis& slot = diagnosis.slots.front();
    EXPECT_EQ(kinds_of(slot.findings),
              (Found{{FindingKind::ErrorServiceUnbound, Severity::Critical},
                     {FindingKind::LinkBelowMaximum, Severity::Warning},
                     {FindingKind::ErrorsCounted, Severity::Ok}}));
    EXPECT_EQ(slot.verdict,
              "error-service-unbound, link-below-maximum; 1 problem, 1 warning, 1 note");
}

}  // namespace
}  // namespace slotd::report
