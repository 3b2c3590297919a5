#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace slotd::control {

/// What a call can be answered with in place of a reply; names and fields are the interface's.
struct NoSuchSlot {
    std::string name;
    std::vector<std::string> candidates;
    bool operator==(const NoSuchSlot&) const = default;
};

struct AmbiguousSlot {
    std::string name;
    std::vector<std::string> candidates;
    bool operator==(const AmbiguousSlot&) const = default;
};

struct NotPermitted {
    std::string reason;
    bool operator==(const NotPermitted&) const = default;
};

struct TooManyClients {
    bool operator==(const TooManyClients&) const = default;
};

struct Refused {
    std::string reason;
    bool operator==(const Refused&) const = default;
};

/// What is to be reset is in use, and the call has no force.
struct InUse {
    std::string reason;
    bool operator==(const InUse&) const = default;
};

/// What is wrong in the configuration files; the old configuration stays in force.
struct BadConfiguration {
    std::vector<std::string> mistakes;
    bool operator==(const BadConfiguration&) const = default;
};

struct MalformedMessage {
    std::string reason;
    bool operator==(const MalformedMessage&) const = default;
};

struct MessageTooLarge {
    std::size_t bytes_max = 0;
    bool operator==(const MessageTooLarge&) const = default;
};

struct InterfaceNotFound {
    std::string interface;
    bool operator==(const InterfaceNotFound&) const = default;
};

struct MethodNotFound {
    std::string method;
    bool operator==(const MethodNotFound&) const = default;
};

struct InvalidParameter {
    std::string parameter;
    bool operator==(const InvalidParameter&) const = default;
};

struct ExpectedMore {
    bool operator==(const ExpectedMore&) const = default;
};

/// An error that this build does not know; only a client meets it.
struct UnknownFault {
    std::string name;
    std::string parameters;
    bool operator==(const UnknownFault&) const = default;
};

using Fault = std::variant<NoSuchSlot, AmbiguousSlot, NotPermitted, TooManyClients, Refused, InUse,
                           BadConfiguration, MalformedMessage, MessageTooLarge, InterfaceNotFound,
                           MethodNotFound, InvalidParameter, ExpectedMore, UnknownFault>;

/// One sentence for a person (each mistake of a configuration on a line of its own), printable: "no
/// slot is called \"5\"; nearest: 4, 0000:00:05.0".
std::string to_string(const Fault& fault);

}  // namespace slotd::control
