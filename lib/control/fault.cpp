#include "control/fault.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/overloaded.hpp"
#include "report/printable.hpp"

namespace slotd::control {

namespace {

std::string quoted(std::string_view text) {
    return "\"" + report::printable(text) + "\"";
}

}  // namespace

std::string to_string(const Fault& fault) {
    using std::string;
    return std::visit(
        Overloaded{
            [](const NoSuchSlot& one) {
                return "no slot is called " + quoted(one.name) +
                       (one.candidates.empty()
                            ? "; there is none on this machine"
                            : "; nearest: " + report::printable_list(one.candidates));
            },
            [](const AmbiguousSlot& one) {
                return quoted(one.name) +
                       " names several slots; say which: " + report::printable_list(one.candidates);
            },
            [](const NotPermitted& one) {
                return "not permitted: " + report::printable(one.reason);
            },
            [](const TooManyClients&) -> string { return "slotd has too many clients; try later"; },
            [](const Refused& one) { return "refused: " + report::printable(one.reason); },
            [](const InUse& one) { return report::printable(one.reason); },
            [](const BadConfiguration& one) {
                string text = "nothing has changed, the configuration has mistakes:";
                for (const string& mistake : one.mistakes) {
                    text += "\n" + report::printable(mistake);
                }
                return text;
            },
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
