#pragma once

#include <string>

namespace slotd::ctl {

/// "15:22:24" now, where this machine is: records carry no time, the journal has it to the
/// microsecond.
std::string local_time();

}  // namespace slotd::ctl
