#include "report/plan.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "event/usage.hpp"
#include "pci/address.hpp"
#include "policy/in_use.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"

namespace slotd::report {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr Style kNarrow{.colour = false, .columns = 80};

event::Usage busy_card() {
    event::Usage usage;
    usage.port = kPort;
    usage.functions.resize(4);
    event::FunctionUse& disk = usage.functions[0];
    disk.address = {0, 1, 0, 0};
    disk.driver = "nvme";
    disk.blocks = {{.name = "nvme0n1",
                    .in_flight = 7,
                    .holders = {"dm-0 (vg-root)"},
                    .mounts = {{"nvme0n1p1", "/boot"}, {"dm-0", "/"}},
                    .swaps = {"nvme0n1p3"}}};
    event::FunctionUse& network = usage.functions[1];
    network.address = {0, 1, 0, 1};
    network.driver = "igb";
    network.networks = {{"eth0", true, true, true, "bond0"}, {"eth1", false, false, false, ""}};
    network.vfs = {{{0, 1, 0x10, 1}, "igbvf"}, {{0, 1, 0x10, 3}, ""}};
    event::FunctionUse& lent = usage.functions[2];
    lent.address = {0, 1, 0, 2};
    lent.driver = "vfio-pci";
    lent.vfio_group = 17;
    lent.vfio_open = true;
    usage.functions[3].address = {0, 1, 0, 3};
    usage.processes = {{815, "smartd", "smartmontools.service", "/dev/nvme0", {0, 1, 0, 0}},
                       {4711, "qemu-system-x86", "", "/dev/vfio/17", {0, 1, 0, 2}}};
    return usage;
}

Plan busy_plan() {
    Plan plan;
    plan.port = kPort;
    plan.steps = {"raise fence of 0000:00:1c.0", "reset 0000:01:00.0 by bus"};
    plan.usage = busy_card();
    plan.usage->unreadable = {"what 2 processes have open"};
    plan.usage->left_out = 3;
    plan.in_use = {{policy::UseKind::Mounted, {0, 1, 0, 0}, "nvme0n1p1 is mounted at /boot"},
                   {policy::UseKind::Vfio, {0, 1, 0, 2}, "VFIO group 17 is open"}};
    plan.would_refuse = true;
    return plan;
}

TEST(PlanText, ShowsStepsWhoIsDisturbedAndTheVerdict) {
    EXPECT_EQ(plan_text(busy_plan(), kNarrow), R"(reset of everything below 0000:00:1c.0
steps
  1. raise fence of 0000:00:1c.0
  2. reset 0000:01:00.0 by bus
disturbs
  0000:01:00.0    nvme
    nvme0n1         disk, 7 requests in flight
      nvme0n1p1       mounted at /boot
      dm-0            mounted at /
      nvme0n1p3       swap space
      dm-0 (vg-root)  stands on nvme0n1
    smartd          pid 815, smartmontools.service, holds /dev/nvme0
  0000:01:00.1    igb
    eth0            up, with carrier, default route, part of bond0
    eth1            down
    VF 0000:01:10.1  igbvf
    VF 0000:01:10.3  no driver
  0000:01:00.2    vfio-pci
    VFIO group 17   open
    qemu-system-x86  pid 4711, holds /dev/vfio/17
  0000:01:00.3    no driver
not known
  what 2 processes have open
  3 more entries, which did not fit
in use
  0000:01:00.0  nvme0n1p1 is mounted at /boot
  0000:01:00.2  VFIO group 17 is open
slotd would refuse; with --force it resets all the same
)");
}

TEST(PlanText, OfOneFunctionShowsThatOneAlone) {
    Plan plan;
    plan.port = kPort;
    plan.function = pci::Address{0, 1, 0, 1};
    plan.steps = {"reset 0000:01:00.1 by flr"};
    plan.usage = busy_card();
    plan.text = "nothing that is in use counts";

    EXPECT_EQ(plan_text(plan, kNarrow), R"(reset of 0000:01:00.1 alone, below 0000:00:1c.0
steps
  1. reset 0000:01:00.1 by flr
disturbs
  0000:01:00.1    igb
    eth0            up, with carrier, default route, part of bond0
    eth1            down
    VF 0000:01:10.1  igbvf
    VF 0000:01:10.3  no driver
nothing that is in use counts
slotd would do it
)");
}

TEST(PlanText, SaysThatNothingIsKnown) {
    Plan plan;
    plan.port = kPort;
    plan.would_refuse = true;
    plan.text = "slotd-exec did not answer in time";

    EXPECT_EQ(plan_text(plan, kNarrow), R"(reset of everything below 0000:00:1c.0
who uses it is not known
slotd-exec did not answer in time
slotd would refuse; with --force it resets all the same
)");
}

// To unbind what somebody uses through VFIO blocks the hot-plug of the whole machine.
TEST(PlanText, DoesNotOfferForceWhereItDoesNotHelp) {
    Plan plan;
    plan.port = kPort;
    plan.usage.emplace();
    plan.would_refuse = true;
    plan.would_refuse_forced = true;
    plan.text = "0000:01:00.0 is in use through VFIO";

    EXPECT_EQ(plan_text(plan, kNarrow), R"(reset of everything below 0000:00:1c.0
disturbs
  no function
0000:01:00.0 is in use through VFIO
slotd would refuse, with --force too
)");
}

TEST(PlanText, OfAnEmptySlotDisturbsNothing) {
    Plan plan;
    plan.port = kPort;
    plan.usage.emplace();

    EXPECT_EQ(plan_text(plan, kNarrow), R"(reset of everything below 0000:00:1c.0
disturbs
  no function
slotd would do it
)");
}

TEST(PlanText, NeverPassesControlCharactersOn) {
    const std::string evil = "\x1b[2J\n\xc2\x9b";
    Plan plan = busy_plan();
    plan.steps = {evil};
    plan.text = evil;
    event::FunctionUse& function = plan.usage->functions[0];
    function.driver = evil;
    function.blocks = {{evil, 1, {evil}, {{evil, evil}}, {evil}}};
    function.networks = {{evil, true, true, true, evil}};
    function.vfs = {{{}, evil}};
    plan.usage->processes = {{1, evil, evil, evil, {0, 1, 0, 0}}};
    plan.usage->unreadable = {evil};
    plan.in_use = {{policy::UseKind::Mounted, {}, evil}};

    const std::string text = plan_text(plan, kNarrow);

    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\xc2'), std::string::npos);
    EXPECT_EQ(text.find("J\n\n"), std::string::npos);
}

TEST(PlanText, FitsTheTerminalWhateverTheNamesAre) {
    const std::string endless(300, 'x');
    Plan plan = busy_plan();
    plan.steps = {endless};
    plan.text = endless;
    plan.usage->functions[0].blocks[0].mounts = {{endless, endless}};
    plan.usage->functions[0].driver = endless;
    plan.usage->unreadable = {endless};

    std::string text = plan_text(plan, kNarrow);

    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        EXPECT_LE(columns(text.substr(0, end)), 80U) << text.substr(0, end);
        text.erase(0, end + 1);
    }
}

TEST(PlanText, ColoursOnlyWhenAsked) {
    EXPECT_NE(plan_text(busy_plan(), {.colour = true, .columns = 80}).find("\x1b[1;31m"),
              std::string::npos);
    EXPECT_EQ(plan_text(busy_plan(), {}).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace slotd::report
