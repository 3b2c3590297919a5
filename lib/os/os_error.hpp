#pragma once

#include <string>

#include "base/result.hpp"

namespace slotd::os {

/// The Error for a failed system call: kind from the errno, context reads on after "failed to".
Error os_error(int os_errno, std::string context);

}  // namespace slotd::os
