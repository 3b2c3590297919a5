#pragma once

#include <string>

#include "coordinator/coordinator.hpp"
#include "daemon/options.hpp"
#include "os/history_settings.hpp"
#include "policy/config.hpp"

namespace slotd::daemon {

/// For one start of slotd: the session is the time.
coordinator::Settings settings_of(const policy::Config& config);

/// Makes the directory where there is none. Where this fails the history says so.
os::HistorySettings history_settings_of(const Options& options, const policy::Config& config);

/// What slotd says first of itself and of this configuration.
std::string started_text(const Options& options, const policy::Config& config);

/// 1,200 clients and a margin; the soft limit is 1,024 where nobody raised it. Best effort: without
/// descriptors the control socket refuses one connection after the other.
void raise_descriptor_limit();

}  // namespace slotd::daemon
