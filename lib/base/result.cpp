#include "base/result.hpp"

#include <string>
#include <system_error>

namespace slotd {

const char* to_text(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::NotFound:
            return "not found";
        case ErrorKind::Busy:
            return "busy";
        case ErrorKind::PermissionDenied:
            return "permission denied";
        case ErrorKind::TimedOut:
            return "timed out";
        case ErrorKind::Overflow:
            return "overflow";
        case ErrorKind::Malformed:
            return "malformed";
        case ErrorKind::Unsupported:
            return "not supported";
        case ErrorKind::Io:
            return "input/output error";
    }
    return "unknown error";
}

std::string Error::message() const {
    const std::string reason =
        os_errno != 0 ? std::generic_category().message(os_errno) : std::string(to_text(kind));
    return "failed to " + context + ": " + reason;
}

}  // namespace slotd
