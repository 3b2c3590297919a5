#include "os/unix_address.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "base/result.hpp"

namespace slotd::os {

Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return failure(ErrorKind::Malformed,
                       "use \"" + path + "\" for a socket: 1 to 107 bytes, please");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

}  // namespace slotd::os
