#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pci/address.hpp"

namespace slotd::control {

/// Calls about the configuration, and their replies; names and fields are the interface's.
struct ReloadConfig {
    std::string reason;  ///< not empty, printable
    bool operator==(const ReloadConfig&) const = default;
};

struct GetConfig {
    std::string slot;  ///< empty: of all
    bool operator==(const GetConfig&) const = default;
};

struct ReloadReply {
    std::vector<std::string> changed;
    std::vector<std::string> after_restart;
    std::string text;
    bool operator==(const ReloadReply&) const = default;
};

struct ConfigReply {
    std::string toml;
    std::vector<std::string> files;
    std::optional<pci::Address> port;  ///< nullopt: of all
    std::vector<std::string> rules;
    bool operator==(const ConfigReply&) const = default;
};

}  // namespace slotd::control
