#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "base/overloaded.hpp"
#include "control/fault.hpp"
#include "control/idl.hpp"
#include "control/interface.hpp"
#include "control/json.hpp"
#include "control/message.hpp"
#include "event/request.hpp"
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

Decoded reset_of(const json& parameters) {
    ResetTarget reset;
    reset.target = text_of(parameters, "target");
    const std::string reason = text_of(parameters, "reason");
    reset.reason = report::printable(reason);
    reset.dry_run = flag_of(parameters, "dry_run");
    reset.wait = flag_of(parameters, "wait");
    if (!is_name(reset.target)) {
        return std::unexpected(InvalidParameter{"target"});
    }
    // Spaces or control characters alone explain nothing to whoever reads the log.
    const bool explains =
        !is_blank(reason) && reset.reason.find_first_not_of(" ?") != std::string::npos;
    if (!explains || reason.size() > kReasonBytesMax) {
        return std::unexpected(InvalidParameter{"reason"});
    }
    const std::string method = text_of(parameters, "method");
    const auto known = event::reset_method_from_text(method);
    if (!method.empty() && !known) {
        return std::unexpected(InvalidParameter{"method"});
    }
    reset.method = known.value_or(event::ResetMethod::Auto);
    return reset;
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
    if (name == "Subscribe") {
        return Subscribe{};
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

std::string encode_call(const Method& method, bool more) {
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
            },
            [](const OneOf<GetInfo, ListSlots, Subscribe, GetVersion> auto&) {},
        },
        method);
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
