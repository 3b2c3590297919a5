#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace slotd::os {

/// Where drop-ins of a configuration file are, the weakest first: beside the default one in
/// /usr/lib (packages), /run (until the next boot) and /etc (the administrator), for any other in
/// FILE.d. Not in /run/slotd, which slotd itself may write.
std::vector<std::string> drop_in_directories(const std::string& config_path);

/// The files *.toml in these directories, in the order of their file names, whatever the directory.
/// Of two with one name only the one in the later directory counts; one that is a link to /dev/null
/// there hides the other and says nothing (systemd.unit(5) has it so). A directory that is missing
/// has none; Overflow: more than kDropInsMax.
Result<std::vector<std::string>> drop_ins(const std::vector<std::string>& directories);

inline constexpr std::size_t kDropInsMax = 256;

}  // namespace slotd::os
