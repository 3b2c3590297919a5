#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "daemon/exit_code.hpp"

namespace slotd::daemon {

/// A checked command line.
struct Options {
    std::optional<std::string> config;  ///< nullopt: /etc/slotd/slotd.toml, which may be missing
    std::optional<std::string> check_config;  ///< check this file and end
    std::optional<std::string> sysfs_root;    ///< nullopt: the machine's own /sys
    std::string control_socket;
    std::string executor_state_dir;
    std::optional<std::string> history_directory;  ///< nullopt: as the configuration has it
    /// Where a slotd-exec listens that systemd starts; nullopt: slotd starts its own.
    std::optional<std::string> executor_socket;
    /// Where a service listens that makes surveys of use; nullopt: slotd-exec makes them.
    std::optional<std::string> survey_socket;
    std::vector<std::string> executor_arguments;  ///< passed on to the first slotd-exec
    bool may_be_idle = false;  ///< a machine without a PCIe port is no error: say so and end
};

/// The options, or the exit code where there is nothing more to do: help and version were printed,
/// or one line that says what is wrong with the call.
std::expected<Options, ExitCode> parse_options(int argc, const char* const* argv);

}  // namespace slotd::daemon
