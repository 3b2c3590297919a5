#include "daemon/settings.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "coordinator/coordinator.hpp"
#include "daemon/options.hpp"
#include "os/history_settings.hpp"
#include "policy/config.hpp"
#include "policy/level.hpp"

namespace slotd::daemon {

coordinator::Settings settings_of(const policy::Config& config) {
    coordinator::Settings settings;
    settings.policy = config.policy;
    settings.limits = policy::limits_of(config);
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
    // systemd makes the directory; who starts slotd by hand has none.
    std::error_code ignored;
    if (std::filesystem::create_directories(settings.directory, ignored)) {
        std::filesystem::permissions(settings.directory, std::filesystem::perms::owner_all,
                                     ignored);
    }
    return settings;
}

std::string started_text(const Options& options, const policy::Config& config) {
    return fmt::format(
        "slotd {} started: level {}, automatic action {}, {} rules, budget {} for a slot, {} below "
        "a "
        "Root Port, {} on this host within {} min, history in {}",
        SLOTD_VERSION, to_text(config.policy.defaults.level),
        config.policy.defaults.automatic_action ? "on" : "off", config.policy.rules.size(),
        config.budget.slot, config.budget.root_port, config.budget.host,
        std::chrono::duration_cast<std::chrono::minutes>(config.budget.window).count(),
        options.history_directory.value_or(config.history.directory));
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
        (void)::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

}  // namespace slotd::daemon
