#pragma once

#include <sys/un.h>

#include <string>

#include "base/result.hpp"

namespace slotd::os {

/// The address of an AF_UNIX socket in the file system (unix(7)); Malformed where `path` is empty
/// or longer than 107 bytes.
Result<sockaddr_un> unix_address(const std::string& path);

}  // namespace slotd::os
