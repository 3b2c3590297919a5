#include "control/message.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/overloaded.hpp"
#include "control/interface.hpp"
#include "report/printable.hpp"

namespace slotd::control {

namespace {

std::string quoted(std::string_view text) { return "\"" + report::printable(text) + "\""; }

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + report::printable(name);
    }
    return text;
}

std::string of_service(std::string_view method) {
    return std::string(kServiceInterface) + "." + std::string(method);
}

std::string of_coordinator(std::string_view method) {
    return std::string(kCoordinatorInterface) + "." + std::string(method);
}

}  // namespace

std::string method_name(const Method& method) {
    return std::visit(
        Overloaded{
            [](const GetInfo&) { return of_service("GetInfo"); },
            [](const GetInterfaceDescription&) { return of_service("GetInterfaceDescription"); },
            [](const ListSlots&) { return of_coordinator("List"); },
            [](const ShowSlot&) { return of_coordinator("Show"); },
            [](const ResetTarget&) { return of_coordinator("Reset"); },
            [](const Subscribe&) { return of_coordinator("Subscribe"); },
            [](const GetVersion&) { return of_coordinator("Version"); },
        },
        method);
}

const char* to_text(ResetState state) {
    switch (state) {
        case ResetState::Planned:
            return "planned";
        case ResetState::Accepted:
            return "accepted";
        case ResetState::Progress:
            return "progress";
        case ResetState::Finished:
            return "finished";
    }
    return "unknown";
}

std::string to_string(const Fault& fault) {
    using std::string;
    return std::visit(
        Overloaded{
            [](const NoSuchSlot& one) {
                return "no slot is called " + quoted(one.name) +
                       (one.candidates.empty() ? "; there is none on this machine"
                                               : "; nearest: " + joined(one.candidates));
            },
            [](const AmbiguousSlot& one) {
                return quoted(one.name) + " names several slots; say which: " +
                       joined(one.candidates);
            },
            [](const NotPermitted& one) { return "not permitted: " + report::printable(one.reason); },
            [](const TooManyClients&) -> string { return "slotd has too many clients; try later"; },
            [](const Refused& one) { return "refused: " + report::printable(one.reason); },
            [](const MalformedMessage& one) {
                return "malformed message: " + report::printable(one.reason);
            },
            [](const MessageTooLarge& one) {
                return fmt::format("message is longer than {} bytes", one.bytes_max);
            },
            [](const InterfaceNotFound& one) {
                return "slotd has no interface " + quoted(one.interface);
            },
            [](const MethodNotFound& one) { return "slotd has no method " + quoted(one.method); },
            [](const InvalidParameter& one) {
                return "invalid parameter " + quoted(one.parameter);
            },
            [](const ExpectedMore&) -> string {
                return "this method must be called with \"more\"";
            },
            [](const UnknownFault& one) {
                return report::printable(one.name) + " " + report::printable(one.parameters);
            },
        },
        fault);
}

}  // namespace slotd::control
