#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "action/record.hpp"
#include "base/json.hpp"
#include "base/parse.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "control/fault.hpp"
#include "control/history_json.hpp"
#include "control/history_reply.hpp"
#include "control/interface.hpp"
#include "control/json_fields.hpp"
#include "control/message.hpp"
#include "control/plan_json.hpp"
#include "control/plan_reply.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/link.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;

template <class T>
bool take_hex(std::string_view& rest, std::string_view before, std::size_t digits, T& value) {
    if (!rest.starts_with(before) || rest.size() < before.size() + digits) {
        return false;
    }
    const auto parsed = parse_unsigned<T>(rest.substr(before.size(), digits), 16);
    rest.remove_prefix(before.size() + digits);
    value = parsed.value_or(T{});
    return parsed.has_value();
}

/// The inverse of pci::Identity::to_string().
std::optional<pci::Identity> identity_from_text(std::string_view text) {
    pci::Identity identity;
    std::string_view rest = text;
    const bool whole = take_hex(rest, "", 4, identity.vendor) &&
                       take_hex(rest, ":", 4, identity.device) &&
                       take_hex(rest, " (", 4, identity.subsystem_vendor) &&
                       take_hex(rest, ":", 4, identity.subsystem_device) &&
                       take_hex(rest, ") class ", 6, identity.class_code) &&
                       take_hex(rest, " rev ", 2, identity.revision);
    std::uint64_t serial = 0;
    if (whole && take_hex(rest, " serial ", 16, serial)) {
        identity.serial = serial;
    }
    return whole && rest.empty() ? std::optional(identity) : std::nullopt;
}

Result<pci::Function> function_from(const json& object) {
    const auto address = pci::Address::parse(text_at(object, "address"));
    const auto identity = identity_from_text(text_at(object, "identity"));
    if (!address) {
        return wrong_field("address");
    }
    if (!identity) {
        return wrong_field("identity");
    }
    constexpr std::uint32_t kPciBridge = 0x0604;
    return pci::Function{*address, text_at(object, "driver"), *identity,
                         identity->class_code >> 8 == kPciBridge};
}

std::uint8_t small_number_at(const json& object, const char* name) {
    return static_cast<std::uint8_t>(std::min<std::uint64_t>(number_at(object, name), 0xff));
}

/// nullopt where there is none, as from a slotd that does not tell it.
std::optional<pci::Link> link_at(const json& object) {
    const auto at = object.find("link");
    if (at == object.end() || !at->is_object()) {
        return std::nullopt;
    }
    const auto up = at->find("up");
    const bool told = up != at->end() && up->is_boolean();
    return pci::Link{.up = told ? std::optional(up->get<bool>()) : std::nullopt,
                     .speed = pci::speed_from_mts(number_at(*at, "speed")),
                     .width = small_number_at(*at, "width"),
                     .speed_max = pci::speed_from_mts(number_at(*at, "speed_max")),
                     .width_max = small_number_at(*at, "width_max")};
}

std::vector<pci::Address> path_at(const json& object) {
    std::vector<pci::Address> path;
    for (const std::string& text : texts_at(object, "path")) {
        if (const auto bridge = pci::Address::parse(text)) {
            path.push_back(*bridge);
        }
    }
    return path;
}

std::optional<Duration> seconds_at(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_number_unsigned()
               ? std::optional<Duration>(std::chrono::seconds(
                     std::min<std::uint64_t>(at->get<std::uint64_t>(), kHoldSecondsMax)))
               : std::nullopt;
}

Result<coordinator::SlotStatus> slot_from(const json& object) {
    const auto port = pci::Address::parse(text_at(object, "port"));
    const auto root_port = pci::Address::parse(text_at(object, "root_port"));
    const auto level = policy::level_from_text(text_at(object, "level"));
    if (!port) {
        return wrong_field("port");
    }
    if (!root_port) {
        return wrong_field("root_port");
    }
    if (!level) {
        return wrong_field("level");
    }
    coordinator::SlotStatus slot{
        .port = *port,
        .root_port = *root_port,
        .slot = text_at(object, "slot"),
        .phase = text_at(object, "phase"),
        .reason = text_at(object, "reason"),
        .level = *level,
        .incident = number_at(object, "incident"),
        .automatic_action = flag_at(object, "automatic_action"),
        .budget_left = static_cast<std::uint32_t>(number_at(object, "budget_left")),
        .held_by = text_at(object, "held_by"),
        .held_for = seconds_at(object, "held_seconds"),
        .quarantine = text_at(object, "quarantine"),
        .occupied = flag_at(object, "occupied"),
        .functions = {},
        .gates = texts_at(object, "gates"),
        .path = path_at(object),
        .link = link_at(object)};
    for (const json& one : object.at("functions")) {
        auto function = function_from(one);
        if (!function) {
            return std::unexpected(std::move(function.error()));
        }
        slot.functions.push_back(std::move(*function));
    }
    return slot;
}

/// A kind that this build does not know is shown as a change of phase would be.
action::RecordKind kind_from_text(std::string_view text) {
    for (const action::RecordKind kind : action::all_record_kinds()) {
        if (text == action::to_text(kind)) {
            return kind;
        }
    }
    return action::RecordKind::PhaseChanged;
}

action::Record record_from(const json& object) {
    const std::uint64_t priority = std::clamp<std::uint64_t>(number_at(object, "priority"), 2, 7);
    return {.priority = static_cast<action::Priority>(priority),
            .kind = kind_from_text(text_at(object, "kind")),
            .port = pci::Address::parse(text_at(object, "port")),
            .slot = text_at(object, "slot"),
            .incident = number_at(object, "incident"),
            .attempt = static_cast<std::uint32_t>(number_at(object, "attempt")),
            .phase = text_at(object, "phase"),
            .text = text_at(object, "text")};
}

Fault fault_from(const std::string& name, const json& parameters) {
    const auto is = [&](std::string_view interface, std::string_view error) {
        return name == std::string(interface) + "." + std::string(error);
    };
    if (is(kCoordinatorInterface, "NoSuchSlot")) {
        return NoSuchSlot{text_at(parameters, "name"), texts_at(parameters, "candidates")};
    }
    if (is(kCoordinatorInterface, "AmbiguousSlot")) {
        return AmbiguousSlot{text_at(parameters, "name"), texts_at(parameters, "candidates")};
    }
    if (is(kCoordinatorInterface, "NotPermitted")) {
        return NotPermitted{text_at(parameters, "reason")};
    }
    if (is(kCoordinatorInterface, "TooManyClients")) {
        return TooManyClients{};
    }
    if (is(kCoordinatorInterface, "Refused")) {
        return Refused{text_at(parameters, "reason")};
    }
    if (is(kCoordinatorInterface, "InUse")) {
        return InUse{text_at(parameters, "reason")};
    }
    if (is(kCoordinatorInterface, "MalformedMessage")) {
        return MalformedMessage{text_at(parameters, "reason")};
    }
    if (is(kCoordinatorInterface, "MessageTooLarge")) {
        return MessageTooLarge{number_at(parameters, "bytes_max")};
    }
    if (is(kServiceInterface, "InterfaceNotFound")) {
        return InterfaceNotFound{text_at(parameters, "interface")};
    }
    if (is(kServiceInterface, "MethodNotFound")) {
        return MethodNotFound{text_at(parameters, "method")};
    }
    if (is(kCoordinatorInterface, "BadConfiguration")) {
        return BadConfiguration{texts_at(parameters, "mistakes")};
    }
    if (is(kServiceInterface, "InvalidParameter")) {
        return InvalidParameter{text_at(parameters, "parameter")};
    }
    if (is(kServiceInterface, "ExpectedMore")) {
        return ExpectedMore{};
    }
    return UnknownFault{name, json_text(parameters)};
}

std::optional<ResetState> reset_state_from_text(std::string_view text) {
    for (const ResetState state :
         {ResetState::Planned, ResetState::Accepted, ResetState::Progress, ResetState::Finished}) {
        if (text == to_text(state)) {
            return state;
        }
    }
    return std::nullopt;
}

}  // namespace

Result<ReceivedReply> decode_reply(std::string_view message) {
    auto reply = parse_json_object(message);
    if (!reply) {
        reply.error().context = "read slotd's reply: " + reply.error().context;
        return std::unexpected(std::move(reply.error()));
    }
    const auto at = reply->find("parameters");
    const json parameters = at != reply->end() && at->is_object() ? *at : json(json::object());
    ReceivedReply received{flag_at(*reply, "continues"), std::nullopt, json_text(parameters)};
    if (const std::string error = text_at(*reply, "error"); !error.empty()) {
        received.fault = fault_from(error, parameters);
    }
    return received;
}

Result<SlotsReply> decode_slots(std::string_view parameters) {
    const auto object = checked_reply(parameters, "List");
    if (!object) {
        return std::unexpected(object.error());
    }
    SlotsReply reply;
    for (const json& one : object->at("slots")) {
        auto slot = slot_from(one);
        if (!slot) {
            return std::unexpected(std::move(slot.error()));
        }
        reply.slots.push_back(std::move(*slot));
    }
    return reply;
}

Result<SlotReply> decode_slot(std::string_view parameters) {
    const auto object = checked_reply(parameters, "Show");
    if (!object) {
        return std::unexpected(object.error());
    }
    auto slot = slot_from(object->at("slot"));
    if (!slot) {
        return std::unexpected(std::move(slot.error()));
    }
    return SlotReply{std::move(*slot)};
}

Result<ResetReply> decode_reset(std::string_view parameters) {
    const auto object = checked_reply(parameters, "Reset");
    if (!object) {
        return std::unexpected(object.error());
    }
    const auto state = reset_state_from_text(text_at(*object, "state"));
    const auto port = pci::Address::parse(text_at(*object, "port"));
    if (!state) {
        return wrong_field("state");
    }
    if (!port) {
        return wrong_field("port");
    }
    ResetReply reply{.state = *state,
                     .request = number_at(*object, "request"),
                     .port = *port,
                     .function = pci::Address::parse(text_at(*object, "function")),
                     .plan = texts_at(*object, "plan"),
                     .record = std::nullopt,
                     .end = std::nullopt};
    if (const auto record = object->find("record");
        record != object->end() && record->is_object()) {
        reply.record = record_from(*record);
    }
    if (*state == ResetState::Finished) {
        reply.end = ResetEnd{flag_at(*object, "succeeded"), text_at(*object, "outcome"),
                             text_at(*object, "text")};
    }
    return reply;
}

Result<ReloadReply> decode_reload(std::string_view parameters) {
    const auto object = checked_reply(parameters, "Reload");
    if (!object) {
        return std::unexpected(object.error());
    }
    return ReloadReply{texts_at(*object, "changed"), texts_at(*object, "after_restart"),
                       text_at(*object, "text")};
}

Result<ConfigReply> decode_config(std::string_view parameters) {
    const auto object = checked_reply(parameters, "GetConfig");
    if (!object) {
        return std::unexpected(object.error());
    }
    return ConfigReply{text_at(*object, "toml"), texts_at(*object, "files"),
                       pci::Address::parse(text_at(*object, "port")), texts_at(*object, "rules")};
}

Result<RecordReply> decode_record(std::string_view parameters) {
    const auto object = checked_reply(parameters, "Subscribe");
    if (!object) {
        return std::unexpected(object.error());
    }
    return RecordReply{record_from(object->at("record")), number_at(*object, "missed")};
}

Result<PlanReply> decode_plan(std::string_view parameters) {
    const auto object = checked_reply(parameters, "Plan");
    if (!object) {
        return std::unexpected(object.error());
    }
    return plan_from(*object);
}

Result<HistoryReply> decode_history(std::string_view parameters) {
    const auto object = checked_reply(parameters, "History");
    if (!object) {
        return std::unexpected(object.error());
    }
    return history_from(*object);
}

Result<DoneReply> decode_done(std::string_view parameters) {
    // Hold and Release answer alike.
    const auto object = checked_reply(parameters, "Hold");
    if (!object) {
        return std::unexpected(object.error());
    }
    const auto port = pci::Address::parse(text_at(*object, "port"));
    if (!port) {
        return wrong_field("port");
    }
    return DoneReply{number_at(*object, "request"), *port, text_at(*object, "text")};
}

Result<MetricsReply> decode_metrics(std::string_view parameters) {
    const auto object = checked_reply(parameters, "Metrics");
    if (!object) {
        return std::unexpected(object.error());
    }
    return MetricsReply{text_at(*object, "text")};
}

Result<VersionReply> decode_version(std::string_view parameters) {
    const auto object = checked_reply(parameters, "Version");
    if (!object) {
        return std::unexpected(object.error());
    }
    return VersionReply{text_at(*object, "version")};
}

}  // namespace slotd::control
