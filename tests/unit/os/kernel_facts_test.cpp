#include "os/kernel_facts.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "report/checkup.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

using report::KernelFacts;
using report::Known;

class KernelFactsTest : public testing::Test {
protected:
    KernelFacts read() const { return read_kernel_facts(dir.path("sys"), dir.path("proc")); }

    fakes::TempDir dir;
};

TEST_F(KernelFactsTest, AreReadFromWhatFeaturesAreMadeOf) {
    dir.write("proc/sys/kernel/osrelease", "6.16.3-amd64\n");
    dir.write("proc/cmdline",
              "root=/dev/vda pci=realloc,noaer quiet pcie_ports=native pciehp.pciehp_debug=1\n");
    dir.write("proc/kallsyms",
              "0000000000000000 T _text\n"
              "0000000000000000 T pci_hp_spurious_link_change\n"
              "0000000000000000 t pci_dpc_recovered_not\n"
              "0000000000000000 T pciehp_slot_reset\t[pciehp]\n"
              "0000000000000000 T __traceiter_aer_event\n");
    dir.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    dir.make_dir("sys/bus/pci_express/drivers/pcie_bwctrl");
    dir.write("sys/firmware/acpi/tables/HEST", "");

    EXPECT_EQ(read(), (KernelFacts{.release = "6.16.3-amd64",
                                   .parameters = {"pci=realloc,noaer", "pcie_ports=native",
                                                  "pciehp.pciehp_debug=1"},
                                   .lockdown = "integrity",
                                   .ignores_reset_flaps = Known::Yes,
                                   .ignores_dpc_flaps = Known::No,
                                   .resets_nested_slots = Known::Yes,
                                   .resets_below_slots = Known::No,
                                   .has_error_trace = Known::Yes,
                                   .has_hotplug_trace = Known::No,
                                   .shares_interrupt = Known::Yes,
                                   .firmware_has_errors = Known::Yes}));
}

TEST_F(KernelFactsTest, WhatIsNotThereIsUnknownAndNotNo) {
    EXPECT_EQ(read(), KernelFacts{});

    dir.write("proc/kallsyms", "");
    dir.make_dir("sys/bus/pci_express/drivers");
    dir.make_dir("sys/firmware/acpi/tables");

    EXPECT_EQ(read(),
              (KernelFacts{
                  .release = "", .shares_interrupt = Known::No, .firmware_has_errors = Known::No}));
}

TEST_F(KernelFactsTest, OnlyAModeOfLockdownIsOne) {
    for (const char* const text : {"", "none", "[", "]none[", "[everything]", "[]"}) {
        dir.write("sys/kernel/security/lockdown", text);
        EXPECT_EQ(read().lockdown, "") << text;
    }
    dir.write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
    EXPECT_EQ(read().lockdown, "none");
}

TEST_F(KernelFactsTest, AHostileTreeGivesPrintableTextAndNoMoreThanFits) {
    std::string many = "pci=\x1b[31mred";
    for (int i = 0; i < 1000; ++i) {
        many += " pci=x";
    }
    dir.write("proc/cmdline", many + "\n");
    dir.write("proc/sys/kernel/osrelease", "6.1\x07\n");
    dir.write("proc/kallsyms", std::string(100000, 'x') + "\n\n \n  \t\nT\n");

    const KernelFacts facts = read();

    EXPECT_EQ(facts.parameters.size(), 16U);
    EXPECT_EQ(facts.parameters.front(), "pci=?[31mred");
    EXPECT_EQ(facts.release, "6.1?");
    EXPECT_EQ(facts.ignores_reset_flaps, Known::Unknown) << "no line of it is one of symbols";
}

}  // namespace
}  // namespace slotd::os
