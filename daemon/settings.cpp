#include "daemon/settings.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "coordinator/coordinator.hpp"
#include "daemon/options.hpp"
#include "os/history_settings.hpp"
#include "policy/config.hpp"

namespace slotd::daemon {

coordinator::Settings settings_of(const policy::Config& config) {
    coordinator::Settings settings;
    settings.policy = config.policy;
    settings.limits.budget = config.budget.slot;
    settings.limits.budget_root_port = config.budget.root_port;
    settings.limits.budget_host = config.budget.host;
    settings.limits.budget_window = config.budget.window;
    settings.limits.hooks = true;
    settings.session = static_cast<std::uint32_t>(
        std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
    return settings;
}

os::HistorySettings history_settings_of(const Options& options, const policy::Config& config) {
    os::HistorySettings settings;
    settings.directory = options.history_directory.value_or(config.history.directory);
    settings.window = config.budget.window;
    settings.age_max = std::chrono::hours(24) * config.history.keep_days;
    settings.bytes_max = std::uint64_t{config.history.size_mib} * 1024 * 1024;
    // systemd makes the directory; who starts slotd by hand has none. Where this fails the history
    // says so.
    std::error_code ignored;
    if (std::filesystem::create_directories(settings.directory, ignored)) {
        std::filesystem::permissions(settings.directory, std::filesystem::perms::owner_all,
                                     ignored);
    }
    return settings;
}

}  // namespace slotd::daemon
