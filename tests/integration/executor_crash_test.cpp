#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/parse.hpp"
#include "base/time.hpp"
#include "event/outcome.hpp"
#include "os/clock.hpp"
#include "os/gate_record.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "tests/fakes/executor_conversation.hpp"
#include "tests/fakes/fake_driver_core.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/fake_vfio.hpp"

// DESIGN.md section 4, invariant 5: whoever dies, at whatever point, every gate is opened again.
// The points are counted by slotd-exec itself (CrashPoints): each test goes on to the next until
// nothing dies.

namespace slotd {
namespace {

using namespace std::chrono_literals;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kCard{0, 1, 0, 0};
constexpr pci::Address kOtherPort{0, 0, 0x1d, 0};

/// A run of effects that closes gates of one kind and opens them again.
struct Scenario {
    std::string name;
    std::vector<action::Effect> effects;
};

std::vector<Scenario> scenarios() {
    return {
        {"Fence",
         {action::RaiseFence{kPort}, action::RaiseFence{kPort}, action::LowerFence{kPort}}},
        {"Hotplug",
         {action::MaskHotplug{kPort}, action::UnmaskHotplug{kPort, action::Latched::Deliver}}},
        {"Service",
         {action::UnbindService{kPort, pci::Service::Pciehp},
          action::BindService{kPort, pci::Service::Pciehp}}},
        {"ResetMethod", {action::ResetFunction{kCard, action::KernelReset::Bus}}},
        {"VirtualFunctions",
         {action::NoteVfs{kPort}, action::SetSlotPower{kPort, false},
          action::SetSlotPower{kPort, true}, action::RestoreVfs{kPort}}},
        {"SlotPower",
         {action::MaskHotplug{kOtherPort}, action::SetSlotPower{kOtherPort, false},
          action::SetSlotPower{kOtherPort, true},
          action::UnmaskHotplug{kOtherPort, action::Latched::Deliver}}},
        {"ResetByVfio", {action::ResetByVfio{kOtherPort}}},
        {"AllAtOnce",
         {action::UnbindService{kPort, pci::Service::Aer}, action::RaiseFence{kPort},
          action::MaskHotplug{kPort}, action::ResetFunction{kCard, action::KernelReset::Flr}}},
    };
}

constexpr std::array kTwoFunctions{"0000:02:00.0", "0000:02:00.1"};

std::string value_of(const fakes::FakeSysfs& sysfs, const std::string& attribute) {
    return std::string(without_newline(sysfs.attribute("0000:01:00.0", attribute)));
}

std::string drivers_of(const fakes::FakeSysfs& sysfs, const fakes::FakeDriverCore& core) {
    std::string drivers = core.whose("0000:01:00.0");
    for (const char* const function : kTwoFunctions) {
        drivers += " " + core.whose(function);
    }
    for (unsigned index = 0; index < 3; ++index) {
        drivers += " " + core.whose(fakes::FakeDriverCore::vf_name("0000:01:00.0", index));
    }
    return drivers + " numvfs " + value_of(sysfs, "sriov_numvfs") + " autoprobe " +
           value_of(sysfs, "sriov_drivers_autoprobe");
}

std::string power_of(const fakes::FakeSysfs& sysfs, int slot) {
    const std::string text =
        sysfs.tree().files().read("bus/pci/slots/" + std::to_string(slot) + "/power");
    return "power " + std::string(without_newline(text));
}

/// Everything that a gate changes.
std::string state_of(const fakes::FakeSysfs& sysfs, const fakes::FakeDriverCore& core) {
    return drivers_of(sysfs, core) + sysfs.config("0000:00:1c.0") + sysfs.config("0000:01:00.0") +
           sysfs.attribute("0000:01:00.0", "reset_method") + sysfs.config("0000:00:1d.0") +
           power_of(sysfs, 5) + power_of(sysfs, 6) +
           (sysfs.bound("0000:00:1c.0:pcie002") ? "aer" : "no aer") +
           (sysfs.bound("0000:00:1c.0:pcie004") ? "pciehp" : "no pciehp");
}

void build(fakes::FakeSysfs& sysfs) {
    sysfs.root_port("0000:00:1c.0", 1, 5);
    sysfs.card("0000:00:1c.0", "0000:01:00.0");
    // As slotd-exec writes it back: without the newline that the kernel would add again.
    sysfs.set_attribute("0000:01:00.0", "reset_method", "flr bus");
    sysfs.root_port("0000:00:1d.0", 2, 6);
    for (const char* const function : kTwoFunctions) {
        sysfs.card("0000:00:1d.0", function);
    }
    fakes::FakeVfio::add_group(sysfs, 7, {kTwoFunctions.begin(), kTwoFunctions.end()});
}

/// Three, one of them for a virtual machine; slot power loses them.
void give_virtual_functions(fakes::FakeDriverCore& core) {
    core.physical("0000:01:00.0", "nvme");
    core.loses_vfs_by("bus/pci/slots/5/power", "0000:01:00.0");
    core.set_vfs("0000:01:00.0", 3);
    core.give(fakes::FakeDriverCore::vf_name("0000:01:00.0", 1), "vfio-pci", "vfio-pci");
}

struct ExecutorCrash : testing::TestWithParam<std::tuple<Scenario, std::string>> {};

/// Plays the scenario with a crash at the n-th point; false where that point was not reached any
/// more.
bool survives_crash_at(std::uint64_t point, const Scenario& scenario, const std::string& victim) {
    fakes::FakeSysfs sysfs;
    build(sysfs);
    fakes::FakeDriverCore core(sysfs, {"e1000e", "nvme", "vfio-pci"});
    give_virtual_functions(core);
    const std::string before = state_of(sysfs, core);
    std::string said;
    {
        fakes::ExecutorConversation talk(
            sysfs, {"--crash-at", std::to_string(point), "--crash-victim", victim},
            fakes::kWithFakeVfio);
        for (const action::Effect& effect : scenario.effects) {
            // The crash may be before, in or after any of them.
            const bool succeeded = talk.answer_to(effect).succeeded();
            core.settle();
            if (std::holds_alternative<action::NoteVfs>(effect) && !succeeded) {
                break;  // what was not noted must not be lost
            }
        }
        (void)talk.close();  // or while the gates are opened at the end
        said = talk.said();
    }
    const Instant deadline = os::read_clock() + 10s;
    fakes::ExecutorRun opened;
    do {
        opened = fakes::run_executor(
            {"--open-gates", "--sysfs-root", sysfs.root(), "--state-dir", sysfs.state_dir()},
            fakes::kWithFakeVfio);
        // A worker that outlived slotd-exec may have a function open, or bind it at the same time:
        // that gate stays in the record, and whoever asks again finds it open.
    } while (opened.exit_code != 0 && victim == "executor" && os::read_clock() < deadline);
    EXPECT_EQ(opened.exit_code, 0) << opened.said;
    // Such a worker ends by itself, and undoes what nobody waits for any more.
    while (state_of(sysfs, core) != before && os::read_clock() < deadline) {
        std::this_thread::yield();
    }
    EXPECT_TRUE(state_of(sysfs, core) == before)
        << scenario.name << ": " << victim << " killed at point " << point
        << " left a gate closed: " << drivers_of(sysfs, core) << "\n"
        << said << opened.said;
    EXPECT_EQ(os::GateRecord(sysfs.state_dir()).load().value(), os::ClosedGates{});
    return said.contains("crash point");
}

TEST_P(ExecutorCrash, LeavesNoGateClosedWhereverItHappens) {
    const auto& [scenario, victim] = GetParam();
    std::uint64_t point = 1;
    while (survives_crash_at(point, scenario, victim)) {
        ASSERT_LT(++point, 200U);
    }
    RecordProperty("points", std::to_string(point - 1));
    EXPECT_GT(point, 10U);
}

INSTANTIATE_TEST_SUITE_P(EveryKindOfGate, ExecutorCrash,
                         testing::Combine(testing::ValuesIn(scenarios()),
                                          testing::Values("worker", "executor", "both")),
                         [](const auto& kind) {
                             return std::get<0>(kind.param).name + "_" + std::get<1>(kind.param);
                         });

}  // namespace
}  // namespace slotd
