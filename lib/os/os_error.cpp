#include "os/os_error.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace slotd::os {

namespace {

ErrorKind kind_of(int os_errno) {
    switch (os_errno) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
        case ESRCH:
            return ErrorKind::NotFound;
        case EBUSY:
        case EAGAIN:
        case EADDRINUSE:
            return ErrorKind::Busy;
        case EPERM:
        case EACCES:
        case EROFS:
            return ErrorKind::PermissionDenied;
        case ETIMEDOUT:
        case ETIME:
            return ErrorKind::TimedOut;
        case ENOBUFS:
        case EMSGSIZE:
            return ErrorKind::Overflow;
        case ENOTTY:
        case EOPNOTSUPP:
        case ENOSYS:
            return ErrorKind::Unsupported;
        default:
            return ErrorKind::Io;
    }
}

}  // namespace

Error os_error(int os_errno, std::string context) {
    return Error{kind_of(os_errno), os_errno, std::move(context)};
}

}  // namespace slotd::os
