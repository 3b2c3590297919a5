#include "daemon/executor/outcomes.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "event/outcome.hpp"

namespace slotd::executor {

namespace {

event::Outcome outcome(event::OutcomeKind kind, std::string context, int os_errno) {
    return event::Outcome{kind, os_errno, std::move(context), std::nullopt};
}

}  // namespace

event::Outcome done() {
    return outcome(event::OutcomeKind::Done, {}, 0);
}

event::Outcome already_so(std::string context) {
    return outcome(event::OutcomeKind::AlreadySo, std::move(context), 0);
}

event::Outcome gone(std::string context, int os_errno) {
    return outcome(event::OutcomeKind::Gone, std::move(context), os_errno);
}

event::Outcome refused(std::string context, int os_errno) {
    return outcome(event::OutcomeKind::Refused, std::move(context), os_errno);
}

event::Outcome failed(std::string context, int os_errno) {
    return outcome(event::OutcomeKind::Failed, std::move(context), os_errno);
}

event::Outcome outcome_of(const Error& error) {
    switch (error.kind) {
        case ErrorKind::NotFound:
            return gone(error.context, error.os_errno);
        case ErrorKind::PermissionDenied:
        case ErrorKind::Unsupported:
            return refused(error.context, error.os_errno);
        case ErrorKind::Busy:
        case ErrorKind::Overflow:
        case ErrorKind::TimedOut:
        case ErrorKind::Malformed:
        case ErrorKind::Io:
            return failed(error.context, error.os_errno);
    }
    return failed(error.context, error.os_errno);
}

event::Outcome came_back_late(const std::string& what) {
    return failed(what + " came back after its deadline and left nothing changed", ETIMEDOUT);
}

}  // namespace slotd::executor
