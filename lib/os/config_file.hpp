#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "policy/config.hpp"

namespace slotd::os {

inline constexpr const char* kDefaultConfigPath = "/etc/slotd/slotd.toml";

/// What a configuration file says. Where `mistakes` is not empty the config is not to be used.
struct LoadedConfig {
    policy::Config config;
    /// All of them at once, those that no TOML can be read from first, then in the order of files
    /// and lines, each ready to be printed: "slotd.toml:14: coordinator.level: \"off\" is not a
    /// level; write ...".
    std::vector<std::string> mistakes;
    std::vector<std::string> files;  ///< that were read, in order: a later one overrides
    std::vector<policy::ConfigOrigin> origins = {};  ///< their file numbers are places in `files`
};

/// `name` is for the mistakes. A text that is not TOML has one mistake, with the line of it.
LoadedConfig parse_config(std::string_view text, const std::string& name);

enum class IfMissing {
    Fail,         ///< somebody named this file (--config, --check-config)
    UseDefaults,  ///< nobody did: the default path is optional
};

/// Reads a regular file of at most 1 MiB, and over it the drop-ins of these directories
/// (os/config_drop_ins.hpp). Errors are about a file itself (not there, not readable, too large, a
/// directory); what is wrong in it is in `mistakes`.
Result<LoadedConfig> load_config(const std::string& path, IfMissing if_missing,
                                 const std::vector<std::string>& directories = {});

}  // namespace slotd::os
