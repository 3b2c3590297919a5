#pragma once

#include <string>

namespace slotd::ctl {

/// Of a machine whose slotd says nothing: what became of it, where systemd knows, and what to do.
/// Waits for systemctl, 5 s at most.
std::string why_slotd_is_silent();

}  // namespace slotd::ctl
