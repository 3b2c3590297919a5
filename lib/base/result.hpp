#pragma once

#include <expected>
#include <string>
#include <utility>

namespace slotd {

/// What a caller may branch on when an operation did not work.
enum class ErrorKind {
    NotFound,          ///< the thing that was named is not there (any more)
    Busy,              ///< somebody else has it; trying later may work
    PermissionDenied,  ///< not for us, now or later
    TimedOut,          ///< no answer within the deadline; what happened is unknown
    Overflow,          ///< something was lost because a buffer or a limit was full
    Malformed,         ///< bytes from outside that are not what they should be
    Unsupported,       ///< this kernel, card or port cannot do it
    Io,                ///< everything else that a system call can say
};

/// The enumerator's name in words, for a log line: "not found", "busy", ...
const char* to_text(ErrorKind kind);

/// An operating error as a value. Programmer errors are SLOTD_ASSERT, never this.
struct [[nodiscard]] Error {
    ErrorKind kind = ErrorKind::Io;
    int os_errno = 0;     ///< 0 when no system call is to blame
    std::string context;  ///< reads on after "failed to": "write to 0000:3b:00.0/reset"

    bool operator==(const Error&) const = default;

    /// "failed to write to 0000:3b:00.0/reset: Inappropriate ioctl for device"
    std::string message() const;
};

/// std::expected, made impossible to drop by accident (an alias would not be [[nodiscard]]).
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using std::expected<T, Error>::expected;
};

using Status = Result<void>;

/// return failure(ErrorKind::NotFound, "find slot 5");
inline std::unexpected<Error> failure(ErrorKind kind, std::string context, int os_errno = 0) {
    return std::unexpected(Error{kind, os_errno, std::move(context)});
}

}  // namespace slotd
