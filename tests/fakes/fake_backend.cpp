#include "tests/fakes/fake_backend.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/answers.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/link.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"

namespace slotd::fakes {

namespace {

pci::Identity identity(std::uint16_t vendor, std::uint16_t device, std::uint32_t class_code) {
    return {.vendor = vendor,
            .device = device,
            .subsystem_vendor = vendor,
            .subsystem_device = 0x0001,
            .class_code = class_code,
            .revision = 2,
            .serial = {}};
}

pci::Address at(std::uint8_t bus, std::uint8_t device, std::uint8_t function = 0) {
    return {0, bus, device, function};
}

}  // namespace

std::vector<std::string> FakeBackend::preview(const event::ResetRequested& request) const {
    std::vector<std::string> lines = dry_run;
    lines.push_back("requested by " + request.requester.to_string());
    return lines;
}

void FakeBackend::submit(const event::ResetRequested& request,
                         std::unique_ptr<control::Loan> loan) {
    submitted.push_back(request);
    if (loan != nullptr) {
        lent.push_back(std::move(loan));
    }
    if (on_submit) {
        on_submit(request);
    }
}

void FakeBackend::hold(const event::HoldRequested& request) {
    held.push_back(request);
    if (on_act) {
        on_act(request.request);
    }
}

void FakeBackend::release(const event::ReleaseRequested& request) {
    released.push_back(request);
    if (on_act) {
        on_act(request.request);
    }
}

void FakeBackend::plan(const event::PlanRequested& request) {
    planned.push_back(request);
    if (on_plan) {
        on_plan(request.request);
    }
}

void FakeBackend::history(const control::HistoryRequested& request) {
    histories.push_back(request);
    if (on_history) {
        on_history(request.request);
    }
}

std::expected<control::ReloadReply, std::vector<std::string>> FakeBackend::reload(
    const event::Requester& requester) {
    reloaded.push_back(requester);
    if (!mistakes.empty()) {
        return std::unexpected(mistakes);
    }
    return control::ReloadReply{{"budget.slot: 5 -> 6"}, {"history.size_mib"}, "one key changed"};
}

control::ConfigReply FakeBackend::config(const std::optional<pci::Address>& port) const {
    return {"[coordinator]\nlevel = \"fence\"\n", {"/etc/slotd/slotd.toml"}, port, {}};
}

std::vector<coordinator::SlotStatus> small_machine() {
    const pci::Function card{at(1, 0), "e1000e", identity(0x8086, 0x10d3, 0x020000), false};
    const pci::Function second{at(1, 0, 1), "", identity(0x8086, 0x10d3, 0x020000), false};
    const pci::Function bridge{at(2, 0), "pcieport", identity(0x104c, 0x8232, 0x060400), true};
    const pci::Function disk{at(4, 0), "nvme", identity(0x1b36, 0x0010, 0x010802), false};
    const auto level = policy::Level::Fence;
    return {
        {.port = at(0, 2),
         .root_port = at(0, 2),
         .slot = "5",
         .phase = "idle",
         .reason = "",
         .level = level,
         .incident = 0,
         .occupied = true,
         .functions = {card, second},
         .gates = {},
         .path = {at(0, 2)},
         .link = pci::Link{true, 3, 1, 3, 4}},
        {.port = at(0, 3),
         .root_port = at(0, 3),
         .slot = "6",
         .phase = "idle",
         .reason = "",
         .level = policy::Level::Exclusive,
         .incident = 0,
         .occupied = true,
         .functions = {bridge},
         .gates = {},
         .path = {at(0, 3)},
         .link = pci::Link{true, 4, 16, 4, 16}},
        {.port = at(0, 4),
         .root_port = at(0, 4),
         .slot = "",
         .phase = "idle",
         .reason = "",
         .level = policy::Level::Observe,
         .incident = 0,
         .occupied = false,
         .functions = {},
         .gates = {}},
        {.port = at(3, 0),
         .root_port = at(0, 3),
         .slot = "11",
         .phase = "kernel-recovering",
         .reason = "AER reported a fatal error",
         .level = policy::Level::Exclusive,
         .incident = 7,
         .occupied = true,
         .functions = {disk},
         .gates = {"fence", "pciehp of 0000:03:00.0"},
         .path = {at(0, 3), at(2, 0), at(3, 0)},
         .link = pci::Link{false, 0, 0, 0, 0}},
        {.port = at(3, 1),
         .root_port = at(0, 3),
         .slot = "11",
         .phase = "idle",
         .reason = "",
         .level = policy::Level::Exclusive,
         .incident = 0,
         .occupied = false,
         .functions = {},
         .gates = {},
         .path = {at(0, 3), at(2, 0), at(3, 1)}},
    };
}

}  // namespace slotd::fakes
