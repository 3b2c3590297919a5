#include "daemon/executor/job.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/effect_wire.hpp"
#include "action/sample_wire.hpp"
#include "base/bytes.hpp"
#include "base/overloaded.hpp"
#include "base/parse.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/executor/enumeration.hpp"
#include "daemon/executor/fence.hpp"
#include "daemon/executor/gates.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/hotplug_mask.hpp"
#include "daemon/executor/observe_slot.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/port_sample.hpp"
#include "daemon/executor/reset_by_lent_fds.hpp"
#include "daemon/executor/reset_by_vfio.hpp"
#include "daemon/executor/reset_function.hpp"
#include "daemon/executor/service_binding.hpp"
#include "daemon/executor/survey_use.hpp"
#include "daemon/executor/virtual_functions.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"
#include "os/unique_fd.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

namespace {

constexpr std::size_t kAssignmentBytesMax = os::kGateLineBytesMax + 4096;
constexpr std::uint8_t kEffectTag = 1;
constexpr std::uint8_t kGateTag = 2;
constexpr std::uint8_t kSampleTag = 3;

/// The effect that opens the gate, where there is one: it has the same deadline.
action::Effect opening_effect(const os::Gate& gate) {
    return std::visit(
        Overloaded{
            [](const os::FenceGate& one) { return action::Effect{action::LowerFence{one.port}}; },
            [](const os::HotplugGate& one) {
                return action::Effect{action::UnmaskHotplug{one.port, action::Latched::Deliver}};
            },
            [](const os::ServiceGate& one) {
                return action::Effect{action::BindService{one.port, one.service}};
            },
            // reset_method is quick where no reset runs, and a reset takes as long as a reset
            // takes.
            [](const os::ResetMethodGate& one) {
                return action::Effect{
                    action::ResetFunction{one.function, action::KernelReset::Bus}};
            },
            [](const os::DriverGate& one) { return action::Effect{action::ResetByVfio{one.port}}; },
            [](const os::VfsGate& one) { return action::Effect{action::RestoreVfs{one.port}}; },
            [](const os::PowerGate& one) {
                return action::Effect{action::SetSlotPower{one.port, true}};
            },
        },
        gate);
}

event::Outcome perform_effect(const Hands& hands, const action::Effect& effect,
                              std::vector<os::UniqueFd> lent) {
    return std::visit(
        Overloaded{
            [&](const action::RaiseFence& one) { return raise_fence(hands, one); },
            [&](const action::LowerFence& one) { return lower_fence(hands, one); },
            [&](const action::MaskHotplug& one) { return mask_hotplug(hands, one); },
            [&](const action::UnmaskHotplug& one) { return unmask_hotplug(hands, one); },
            [&](const action::UnbindService& one) { return unbind_service(hands, one); },
            [&](const action::BindService& one) { return bind_service(hands, one); },
            [&](const action::ResetFunction& one) { return reset_function(hands, one); },
            [&](const action::SetSlotPower& one) { return set_slot_power(hands, one); },
            [&](const action::RemoveFunction& one) { return remove_function(hands, one); },
            [&](const action::RescanBelow& one) { return rescan_below(hands, one); },
            [&](const action::ObserveSlot& one) { return observe_slot(hands, one); },
            [&](const action::NoteVfs& one) { return note_vfs(hands, one); },
            [&](const action::RestoreVfs& one) { return restore_vfs(hands, one); },
            [&](const action::ResetByVfio& one) { return reset_by_vfio(hands, one); },
            [&](const action::SurveyUse& one) { return survey_use(hands, one); },
            [](const action::AskHooks&) { return refused("hooks are slotd's to ask"); },
            [&](const action::ResetByLentFds& one) {
                return reset_by_lent_fds(hands, one, std::move(lent));
            },
        },
        effect);
}

/// Gates of all functions below one port have one name here.
std::string drivers_below(const pci::Address& port) {
    return "driver " + port.to_string();
}

std::string vfs_below(const pci::Address& port) {
    return "vfs " + port.to_string();
}

std::optional<std::string> gate_name_of(const action::Effect& effect) {
    return std::visit(
        Overloaded{
            [](const OneOf<action::RaiseFence, action::LowerFence> auto& one)
                -> std::optional<std::string> {
                return os::name_of(os::FenceGate{one.port, 0, 0, 0});
            },
            [](const OneOf<action::MaskHotplug, action::UnmaskHotplug> auto& one)
                -> std::optional<std::string> {
                return os::name_of(os::HotplugGate{one.port, 0});
            },
            [](const OneOf<action::UnbindService, action::BindService> auto& one)
                -> std::optional<std::string> {
                return os::name_of(os::ServiceGate{one.port, one.service});
            },
            [](const action::ResetFunction& one) -> std::optional<std::string> {
                return os::name_of(os::ResetMethodGate{one.function, {}, {}});
            },
            [](const OneOf<action::NoteVfs, action::RestoreVfs> auto& one)
                -> std::optional<std::string> { return vfs_below(one.port); },
            [](const action::ResetByVfio& one) -> std::optional<std::string> {
                return drivers_below(one.port);
            },
            [](const action::SetSlotPower& one) -> std::optional<std::string> {
                return os::name_of(os::PowerGate{one.port});
            },
            [](const OneOf<action::RemoveFunction, action::RescanBelow, action::ObserveSlot,
                           action::SurveyUse, action::AskHooks, action::ResetByLentFds> auto&)
                -> std::optional<std::string> { return std::nullopt; },
        },
        effect);
}

std::string gate_name_of(const os::Gate& gate) {
    return std::visit(
        Overloaded{
            [](const os::DriverGate& one) { return drivers_below(one.port); },
            [](const os::VfsGate& one) { return vfs_below(one.port); },
            [](const OneOf<os::FenceGate, os::HotplugGate, os::ServiceGate, os::ResetMethodGate,
                           os::PowerGate> auto& one) { return os::name_of(one); },
        },
        gate);
}

}  // namespace

std::string to_string(const Job& job) {
    return std::visit(Overloaded{
                          [](const action::Effect& effect) { return action::to_string(effect); },
                          [](const os::Gate& gate) { return "open " + os::name_of(gate); },
                          [](const SampleJob& sample) {
                              return fmt::format("sample {} ports", sample.expected.size());
                          },
                      },
                      job);
}

std::optional<std::string> gate_name(const Job& job) {
    return std::visit(
        Overloaded{
            [](const action::Effect& effect) { return gate_name_of(effect); },
            [](const os::Gate& gate) { return std::optional(gate_name_of(gate)); },
            [](const SampleJob&) -> std::optional<std::string> { return std::nullopt; },
        },
        job);
}

std::optional<pci::Address> subject(const Job& job) {
    using Subject = std::optional<pci::Address>;
    return std::visit(
        Overloaded{
            [](const action::Effect& effect) { return Subject(action::subject(effect)); },
            [](const os::Gate& gate) { return Subject(os::subject(gate)); },
            [](const SampleJob&) { return Subject{}; },
        },
        job);
}

Duration deadline_of(const Job& job) {
    return std::visit(
        Overloaded{
            [](const action::Effect& effect) { return action::deadline_of(effect); },
            [](const os::Gate& gate) { return action::deadline_of(opening_effect(gate)); },
            [](const SampleJob&) { return action::kSampleDeadline; },
        },
        job);
}

event::Outcome perform(const Hands& hands, SampledPorts& sampled, const Job& job,
                       std::vector<os::UniqueFd> lent) {
    return std::visit(Overloaded{
                          [&](const action::Effect& effect) {
                              return perform_effect(hands, effect, std::move(lent));
                          },
                          [&](const os::Gate& gate) { return open_gate(hands, gate); },
                          [&](const SampleJob& one) { return sampled.sample(hands, one.expected); },
                      },
                      job);
}

Bytes encode(const Job& job, std::uint64_t ticket) {
    ByteWriter out(kAssignmentBytesMax);
    std::visit(Overloaded{
                   [&](const action::Effect& effect) {
                       out.number(kEffectTag);
                       out.number(ticket);
                       const Bytes request = action::encode(action::EffectRequest{ticket, effect});
                       out.text({reinterpret_cast<const char*>(request.data()), request.size()});
                   },
                   [&](const SampleJob& sample) {
                       out.number(kSampleTag);
                       out.number(ticket);
                       const Bytes request =
                           action::encode(action::SampleRequest{ticket, sample.expected});
                       out.text({reinterpret_cast<const char*>(request.data()), request.size()});
                   },
                   [&](const os::Gate& gate) {
                       out.number(kGateTag);
                       out.number(ticket);
                       out.text(os::closed_line(gate));
                   },
               },
               job);
    return out.take();
}

Result<Assignment> decode_assignment(std::span<const std::uint8_t> bytes) {
    ByteReader in(bytes);
    const auto tag = in.number<std::uint8_t>();
    const auto ticket = in.number<std::uint64_t>();
    const std::string text = in.text(kAssignmentBytesMax);
    if (!in.finished() || tag < kEffectTag || tag > kSampleTag) {
        return failure(ErrorKind::Malformed, "read an assignment");
    }
    const std::span datagram(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    if (tag == kEffectTag) {
        auto request = action::decode_effect_request(datagram);
        if (!request) {
            return std::unexpected(std::move(request.error()));
        }
        return Assignment{ticket, request->effect};
    }
    if (tag == kSampleTag) {
        auto request = action::decode_sample_request(datagram);
        if (!request) {
            return std::unexpected(std::move(request.error()));
        }
        return Assignment{ticket, SampleJob{std::move(request->ports)}};
    }
    auto line = os::parse_gate_line(without_newline(text));
    if (!line || !line->closed) {
        return failure(ErrorKind::Malformed, "read the gate of an assignment");
    }
    return Assignment{ticket, std::move(*line->closed)};
}

}  // namespace slotd::executor
