#pragma once

#include "coordinator/coordinator.hpp"
#include "daemon/options.hpp"
#include "os/history_settings.hpp"
#include "policy/config.hpp"

namespace slotd::daemon {

/// What the configuration decides for the coordinator, and a session that no earlier start had.
coordinator::Settings settings_of(const policy::Config& config);

/// What it decides for the history. Makes its directory where there is none.
os::HistorySettings history_settings_of(const Options& options, const policy::Config& config);

}  // namespace slotd::daemon
