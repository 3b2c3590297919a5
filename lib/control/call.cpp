#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "action/incident.hpp"
#include "base/json.hpp"
#include "base/overloaded.hpp"
#include "control/doctor_call.hpp"
#include "control/fault.hpp"
#include "control/history_reply.hpp"
#include "control/idl.hpp"
#include "control/interface.hpp"
#include "control/json.hpp"
#include "control/message.hpp"
#include "event/request.hpp"
#include "metrics/exposition.hpp"
#include "report/printable.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;
using Decoded = std::expected<Method, Fault>;

/// null counts as absent, as Varlink has it. Only for what the interface has already checked.
std::string text_of(const json& parameters, const char* name) {
    const auto at = parameters.find(name);
    return at != parameters.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

bool flag_of(const json& parameters, const char* name) {
    const auto at = parameters.find(name);
    return at != parameters.end() && at->is_boolean() && at->get<bool>();
}

/// More, oneway and upgrade: absent, null, true or false.
bool is_flag(const json& call, const char* name) {
    const auto at = call.find(name);
    return at == call.end() || at->is_null() || at->is_boolean();
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(' ') == std::string_view::npos;
}

/// A name is printable as it stands; whatever else somebody sends names no slot.
bool is_name(const std::string& text) {
    return !text.empty() && text.size() <= kNameBytesMax && report::printable(text) == text;
}

/// The reason in `parameters` as it goes into the log; nullopt where it does not say anything.
std::optional<std::string> reason_of(const json& parameters) {
    const std::string reason = text_of(parameters, "reason");
    std::string printable = report::printable(reason);
    // Spaces or control characters alone explain nothing to whoever reads the log.
    const bool explains =
        !is_blank(reason) && printable.find_first_not_of(" ?") != std::string::npos;
    return explains && reason.size() <= kReasonBytesMax ? std::optional(std::move(printable))
                                                        : std::nullopt;
}

/// The interface has checked that it is one that it knows; absent is auto.
event::ResetMethod reset_method_of(const json& parameters) {
    return event::reset_method_from_text(text_of(parameters, "method"))
        .value_or(event::ResetMethod::Auto);
}

Decoded reset_of(const json& parameters) {
    ResetTarget reset;
    reset.target = text_of(parameters, "target");
    reset.method = reset_method_of(parameters);
    reset.force = flag_of(parameters, "force");
    reset.lend = flag_of(parameters, "lend");
    reset.dry_run = flag_of(parameters, "dry_run");
    reset.wait = flag_of(parameters, "wait");
    if (!is_name(reset.target)) {
        return std::unexpected(InvalidParameter{"target"});
    }
    auto reason = reason_of(parameters);
    if (!reason) {
        return std::unexpected(InvalidParameter{"reason"});
    }
    reset.reason = std::move(*reason);
    if (reset.lend && (reset.method != event::ResetMethod::Vfio || reset.dry_run)) {
        return std::unexpected(InvalidParameter{"lend"});
    }
    return reset;
}

Decoded hold_of(const json& parameters) {
    HoldSlot hold;
    hold.slot = text_of(parameters, "slot");
    if (!is_name(hold.slot)) {
        return std::unexpected(InvalidParameter{"slot"});
    }
    auto reason = reason_of(parameters);
    if (!reason) {
        return std::unexpected(InvalidParameter{"reason"});
    }
    hold.reason = std::move(*reason);
    const auto seconds = parameters.find("seconds");
    if (seconds != parameters.end() && !seconds->is_null()) {
        // A negative number is an integer, but no unsigned one.
        const bool positive = seconds->is_number_unsigned() && *seconds > 0;
        if (!positive || *seconds > kHoldSecondsMax) {
            return std::unexpected(InvalidParameter{"seconds"});
        }
        hold.lasts = std::chrono::seconds(seconds->get<std::int64_t>());
    }
    return hold;
}

Decoded release_of(const json& parameters) {
    std::string slot = text_of(parameters, "slot");
    auto reason = reason_of(parameters);
    if (!is_name(slot)) {
        return std::unexpected(InvalidParameter{"slot"});
    }
    if (!reason) {
        return std::unexpected(InvalidParameter{"reason"});
    }
    return ReleaseSlot{std::move(slot), std::move(*reason)};
}

Decoded plan_of(const json& parameters) {
    PlanReset plan{text_of(parameters, "target"), reset_method_of(parameters)};
    return is_name(plan.target) ? Decoded(std::move(plan))
                                : Decoded(std::unexpected(InvalidParameter{"target"}));
}

Decoded history_of(const json& parameters) {
    AskHistory ask;
    ask.slot = text_of(parameters, "slot");
    if (parameters.contains("slot") && !parameters["slot"].is_null() && !is_name(ask.slot)) {
        return std::unexpected(InvalidParameter{"slot"});
    }
    const auto given = [&](const char* name) {
        const auto at = parameters.find(name);
        return at != parameters.end() && !at->is_null() ? &*at : nullptr;
    };
    if (given("incident") != nullptr) {
        ask.incident = action::incident_from_text(text_of(parameters, "incident"));
        if (!ask.incident) {
            return std::unexpected(InvalidParameter{"incident"});
        }
    }
    if (const json* const since = given("since_us")) {
        if (!since->is_number_unsigned() ||
            std::cmp_greater(since->get<std::uint64_t>(),
                             std::numeric_limits<std::int64_t>::max())) {
            return std::unexpected(InvalidParameter{"since_us"});
        }
        ask.since_us = since->get<std::int64_t>();
    }
    if (const json* const limit = given("limit")) {
        if (!limit->is_number_unsigned() || *limit == 0 || *limit > kHistoryEntriesMax) {
            return std::unexpected(InvalidParameter{"limit"});
        }
        ask.limit = limit->get<std::size_t>();
    }
    return ask;
}

Decoded reload_of(const json& parameters) {
    auto reason = reason_of(parameters);
    return reason ? Decoded(ReloadConfig{std::move(*reason)})
                  : Decoded(std::unexpected(InvalidParameter{"reason"}));
}

Decoded config_of(const json& parameters) {
    const auto named = parameters.find("slot");
    if (named == parameters.end() || named->is_null()) {
        return GetConfig{};
    }
    GetConfig config{text_of(parameters, "slot")};
    return is_name(config.slot) ? Decoded(std::move(config))
                                : Decoded(std::unexpected(InvalidParameter{"slot"}));
}

Decoded doctor_of(const json& parameters) {
    const auto slot = parameters.find("slot");
    if (slot == parameters.end() || slot->is_null()) {
        return ConsultDoctor{};
    }
    ConsultDoctor consult{slot->get<std::string>()};
    return is_name(*consult.slot) ? Decoded(std::move(consult))
                                  : Decoded(std::unexpected(InvalidParameter{"slot"}));
}

/// `parameters` has passed the interface's check.
Decoded method_of(std::string_view interface, std::string_view name, const json& parameters) {
    if (interface == kServiceInterface) {
        return name == "GetInfo"
                   ? Method(GetInfo{})
                   : Method(GetInterfaceDescription{text_of(parameters, "interface")});
    }
    if (name == "List") {
        return ListSlots{};
    }
    if (name == "Show") {
        ShowSlot show{text_of(parameters, "slot")};
        return is_name(show.slot) ? Decoded(std::move(show))
                                  : Decoded(std::unexpected(InvalidParameter{"slot"}));
    }
    if (name == "Reset") {
        return reset_of(parameters);
    }
    if (name == "Hold") {
        return hold_of(parameters);
    }
    if (name == "Release") {
        return release_of(parameters);
    }
    if (name == "Plan") {
        return plan_of(parameters);
    }
    if (name == "History") {
        return history_of(parameters);
    }
    if (name == "Reload") {
        return reload_of(parameters);
    }
    if (name == "GetConfig") {
        return config_of(parameters);
    }
    if (name == "Doctor") {
        return doctor_of(parameters);
    }
    if (name == "Subscribe") {
        return Subscribe{};
    }
    if (name == "Metrics") {
        return GetMetrics{text_of(parameters, "format") == "prometheus"
                              ? metrics::Format::Prometheus
                              : metrics::Format::OpenMetrics};
    }
    if (name == "Version") {
        return GetVersion{};
    }
    // Unreachable while every method of the interface stands above; a test walks through them all.
    return std::unexpected(MethodNotFound{std::string(name)});
}

Decoded decode_method(const json& call) {
    const std::string full_name = text_of(call, "method");
    const std::size_t dot = full_name.rfind('.');
    if (dot == std::string::npos) {
        return std::unexpected(full_name.empty()
                                   ? Fault(MalformedMessage{"\"method\" is not a non-empty string"})
                                   : Fault(MethodNotFound{full_name}));
    }
    const std::string_view interface = std::string_view(full_name).substr(0, dot);
    const std::string_view name = std::string_view(full_name).substr(dot + 1);
    const Idl* const idl = interface_named(interface);
    if (idl == nullptr) {
        return std::unexpected(InterfaceNotFound{std::string(interface)});
    }
    const auto method = idl->methods.find(name);
    if (method == idl->methods.end()) {
        return std::unexpected(MethodNotFound{full_name});
    }
    const auto given = call.find("parameters");
    const json parameters = given == call.end() || given->is_null() ? json(json::object()) : *given;
    if (auto wrong = mismatch(*idl, method->second.parameters, parameters, UnknownFields::Refuse)) {
        return std::unexpected(InvalidParameter{std::move(*wrong)});
    }
    return method_of(interface, name, parameters);
}

}  // namespace

Incoming decode_call(std::string_view message) {
    auto call = parse_json_object(message);
    if (!call) {
        return {false, false, std::unexpected(MalformedMessage{std::move(call.error().context)})};
    }
    for (const char* const name : {"more", "oneway", "upgrade"}) {
        if (!is_flag(*call, name)) {
            const std::string problem = "\"" + std::string(name) + "\" is not true or false";
            return {false, false, std::unexpected(MalformedMessage{problem})};
        }
    }
    const bool more = flag_of(*call, "more");
    const bool oneway = flag_of(*call, "oneway");
    if (flag_of(*call, "upgrade")) {
        return {more, oneway, std::unexpected(InvalidParameter{"upgrade"})};
    }
    return {more, oneway, decode_method(*call)};
}

namespace {

json parameters_of(const Method& method) {
    json parameters = json::object();
    std::visit(
        Overloaded{
            [&](const GetInterfaceDescription& one) { parameters["interface"] = one.interface; },
            [&](const ShowSlot& one) { parameters["slot"] = one.slot; },
            [&](const ResetTarget& one) {
                parameters["target"] = one.target;
                parameters["method"] = event::to_text(one.method);
                parameters["reason"] = one.reason;
                parameters["dry_run"] = one.dry_run;
                parameters["wait"] = one.wait;
                parameters["force"] = one.force;
                parameters["lend"] = one.lend;
            },
            [&](const HoldSlot& one) {
                parameters["slot"] = one.slot;
                parameters["reason"] = one.reason;
                if (one.lasts) {
                    parameters["seconds"] =
                        std::chrono::ceil<std::chrono::seconds>(*one.lasts).count();
                }
            },
            [&](const ReleaseSlot& one) {
                parameters["slot"] = one.slot;
                parameters["reason"] = one.reason;
            },
            [&](const PlanReset& one) {
                parameters["target"] = one.target;
                parameters["method"] = event::to_text(one.method);
            },
            [&](const AskHistory& one) {
                if (!one.slot.empty()) {
                    parameters["slot"] = one.slot;
                }
                if (one.incident) {
                    parameters["incident"] = action::incident_text(*one.incident);
                }
                if (one.since_us) {
                    parameters["since_us"] = *one.since_us;
                }
                parameters["limit"] = one.limit;
            },
            [&](const ReloadConfig& one) { parameters["reason"] = one.reason; },
            [&](const GetConfig& one) {
                if (!one.slot.empty()) {
                    parameters["slot"] = one.slot;
                }
            },
            [&](const ConsultDoctor& one) {
                if (one.slot) {
                    parameters["slot"] = *one.slot;
                }
            },
            [&](const GetMetrics& one) {
                if (one.format == metrics::Format::Prometheus) {
                    parameters["format"] = "prometheus";
                }
            },
            [](const OneOf<GetInfo, ListSlots, Subscribe, GetVersion> auto&) {},
        },
        method);
    return parameters;
}

}  // namespace

std::string encode_call(const Method& method, bool more) {
    json parameters = parameters_of(method);
    json call{{"method", method_name(method)}};
    if (!parameters.empty()) {
        call["parameters"] = std::move(parameters);
    }
    if (more) {
        call["more"] = true;
    }
    return json_text(call) + '\0';
}

}  // namespace slotd::control
